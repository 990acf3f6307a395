"""Keep the names of whoever leaves back for a while, and forget them then."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select

from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.leaving.settings import LeavingSettings
from flask_gatehouse.features.users import names
from flask_gatehouse.features.users.models import Identifier, KeptName

_ORIGIN: Final = Origin(channel="worker")

#: Rows deleted in one transaction.
_BATCH: Final = 100


def keep_back(work: Work, *, user_id: UUID) -> None:
    """Let nobody take the user name of an account that goes, unless the settings let it go too."""
    after = work.settings(LeavingSettings).names_after
    if not after:
        return
    mine = (Identifier.user_id == user_id) & (Identifier.kind == "username")
    for canonical in work.db.scalars(select(Identifier.canonical).where(mine)).all():
        names.keep_back(work, canonical=canonical, until=work.now + after)


class NamePurge(Chore):
    """Forgets names whose time is over."""

    every = timedelta(hours=6)

    def __init__(self, house: House) -> None:
        """Keep nothing: what is due stands in the table."""
        del house

    def do(self, works: Works) -> bool:
        """Forget some."""
        with works.begin(_ORIGIN, joined=False) as work:
            over = select(KeptName.digest).where(KeptName.until <= work.now)
            found = work.db.scalars(over.order_by(KeptName.until).limit(_BATCH)).all()
            for digest in found:
                # Again: somebody else may have given the same name up meanwhile.
                gone = (KeptName.digest == digest) & (KeptName.until <= work.now)
                changed(work.db, delete(KeptName).where(gone))
        return len(found) == _BATCH
