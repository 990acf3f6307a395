"""Clear away invitations that are long over."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.invitations.models import Invited

_ORIGIN: Final = Origin(channel="worker")

#: How long one that is over stays in the list, so that it can be sent again.
_SHOWN_AFTERWARDS: Final = timedelta(days=7)

#: Rows deleted in one transaction.
_BATCH: Final = 100


class InvitedPurge(Chore):
    """Deletes invitations that have been over for a week."""

    every = timedelta(hours=1)

    def __init__(self, house: House) -> None:
        """Keep nothing: what is due stands in the table."""
        del house

    def do(self, works: Works) -> bool:
        """Delete some; one that is sent again meanwhile is good again, and stays."""
        with works.begin(_ORIGIN, joined=False) as work:
            over = Invited.expires_at <= work.now - _SHOWN_AFTERWARDS
            found = select(Invited.canonical).where(over).order_by(Invited.expires_at)
            due = work.db.scalars(found.limit(_BATCH)).all()
            for canonical in due:
                work.db.execute(delete(Invited).where(Invited.canonical == canonical, over))
        return len(due) == _BATCH
