"""Seal seeds anew after a change of keys."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select, update

from flask_gatehouse.core import sealing
from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.core.sealing import SealBroken
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.totp import seeds
from flask_gatehouse.features.totp.models import Totp

_ORIGIN: Final = Origin(channel="worker")

#: Seeds sealed in one transaction.
_BATCH: Final = 100


class Resealing(Chore):
    """Seals with the newest key what a former one sealed, so that the former one can be let go."""

    every = timedelta(hours=1)

    def __init__(self) -> None:
        """Begin with the first row."""
        #: Up to where this round has come, so that what cannot be opened holds up nothing else.
        self._past: UUID | None = None

    def do(self, works: Works) -> bool:
        """Seal some; what cannot be opened is left as it is, for `doctor` to tell of."""
        keys, table = works.house.keys, Totp.__tablename__
        _, *former = sealing.beginnings(keys, table)
        if not former:
            return False
        due = or_(*(Totp.seed.startswith(each) for each in former))
        wanted = select(Totp, Factor.user_id).join(Factor, Factor.id == Totp.factor_id).where(due)
        if self._past is not None:
            wanted = wanted.where(Totp.factor_id > self._past)
        with works.begin(_ORIGIN, joined=False) as work:
            found = work.db.execute(wanted.order_by(Totp.factor_id).limit(_BATCH)).all()
            more = len(found) == _BATCH
            last = found[-1][0].factor_id if more else None
            for row, user_id in found:
                try:
                    seed = seeds.opened(work.house, row, user_id=user_id)
                except SealBroken:
                    continue
                anew = seeds.sealed(work.house, seed, factor_id=row.factor_id, user_id=user_id)
                as_read = (Totp.factor_id == row.factor_id) & (Totp.seed == row.seed)
                reseal = update(Totp).where(as_read).values(seed=anew)
                changed(work.db, reseal.execution_options(synchronize_session=False))
        self._past = last
        return more


def resealing(house: House) -> Resealing:
    """Return what seals seeds anew."""
    del house
    return Resealing()
