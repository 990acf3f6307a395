"""Clear away challenges that nobody answered."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.passkeys.models import PasskeyChallenge

_ORIGIN: Final = Origin(channel="worker")

#: Rows deleted in one transaction.
_BATCH: Final = 500


class ChallengePurge(Chore):
    """Deletes challenges that nobody can answer any more."""

    every = timedelta(minutes=10)

    def __init__(self, house: House) -> None:
        """Keep nothing: what is due stands in the table."""
        del house

    def do(self, works: Works) -> bool:
        """Delete some; what somebody else holds is being used up, or left to the next turn."""
        digest = PasskeyChallenge.digest
        with works.begin(_ORIGIN, joined=False) as work:
            over = select(digest).where(PasskeyChallenge.expires_at <= work.now)
            found = work.db.scalars(over.order_by(PasskeyChallenge.expires_at).limit(_BATCH)).all()
            free = select(digest).where(digest.in_(found)).with_for_update(skip_locked=True)
            held = work.db.scalars(free).all() if found else []
            if held:
                gone = delete(PasskeyChallenge).where(digest.in_(held))
                work.db.execute(gone.execution_options(synchronize_session=False))
        return len(held) == _BATCH
