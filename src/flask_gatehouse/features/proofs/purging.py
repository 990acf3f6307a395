"""Clear away proofs that are over."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.proofs.models import Proof

_ORIGIN: Final = Origin(channel="worker")

#: Rows deleted in one transaction.
_BATCH: Final = 100


class ProofPurge(Chore):
    """Deletes proofs that nobody can use any more."""

    every = timedelta(hours=1)

    def __init__(self, house: House) -> None:
        """Keep nothing: what is due stands in the table."""
        del house

    def do(self, works: Works) -> bool:
        """Delete some; what somebody else holds is being used up, or left to the next turn."""
        with works.begin(_ORIGIN, joined=False) as work:
            over = select(Proof.digest).where(Proof.expires_at <= work.now)
            found = work.db.scalars(over.order_by(Proof.expires_at).limit(_BATCH)).all()
            free = select(Proof.digest).where(Proof.digest.in_(found))
            held = work.db.scalars(free.with_for_update(skip_locked=True)).all() if found else []
            for digest in held:
                work.db.execute(delete(Proof).where(Proof.digest == digest))
        return len(held) == _BATCH
