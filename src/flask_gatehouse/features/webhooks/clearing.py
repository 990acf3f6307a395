"""Give up what waits for too long, forget what is over, and seal secrets anew."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, or_, select, update

from flask_gatehouse.core import sealing
from flask_gatehouse.core.house import House
from flask_gatehouse.core.sealing import SealBroken
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.webhooks.models import Delivery, Webhook
from flask_gatehouse.features.webhooks.sealed import opened, sealed
from flask_gatehouse.features.webhooks.sending import ORIGIN
from flask_gatehouse.features.webhooks.settings import WebhookSettings

#: Deliveries that one turn looks at.
_BATCH: Final = 100


class Clearing(Chore):
    """Clears in each process that serves, whether or not anybody sends."""

    every = timedelta(minutes=10)

    def __init__(self, house: House) -> None:
        """Keep nothing: what is due stands in the table."""
        del house

    def do(self, works: Works) -> bool:
        """Clear some; return whether there may be more."""
        return _give_up(works) + _forget(works) >= _BATCH


def _give_up(works: Works) -> int:
    """Give up what waited for too long, because its receiver is paused or nobody sends."""
    now = works.house.clock.now()
    settings = works.house.settings[WebhookSettings]
    waits = Delivery.delivered_at.is_(None) & Delivery.failed_at.is_(None)
    free = or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now)
    over = waits & free & (Delivery.tried_since <= now - settings.give_up_after)
    found = _ids(works, over)
    for delivery_id in found:
        with works.begin(ORIGIN, joined=False) as work:
            late = update(Delivery).where(Delivery.id == delivery_id, over)
            late = late.values(
                failed_at=work.now,
                leased_until=None,
                next_try_at=work.now + settings.retention,
                reason="its time was over",
            )
            work.db.execute(late.execution_options(synchronize_session=False))
    return len(found)


def _forget(works: Works) -> int:
    """Forget what was delivered or given up long ago, or whose receiver is gone."""
    now = works.house.clock.now()
    done = or_(Delivery.delivered_at.is_not(None), Delivery.failed_at.is_not(None))
    orphaned = ~select(Webhook.id).where(Webhook.id == Delivery.webhook_id).exists()
    over = or_(done & (Delivery.next_try_at <= now), orphaned)
    found = _ids(works, over)
    if found:
        with works.begin(ORIGIN, joined=False) as work:
            gone = delete(Delivery).where(Delivery.id.in_(found))
            work.db.execute(gone.execution_options(synchronize_session=False))
    return len(found)


def _ids(works: Works, over: object) -> list[object]:
    with works.reading() as db:
        found = select(Delivery.id).where(over)  # type: ignore[arg-type] # a condition
        return list(db.scalars(found.order_by(Delivery.id).limit(_BATCH)))


class Resealing(Chore):
    """Seals with the newest key what a former one sealed, and forgets former secrets."""

    every = timedelta(hours=1)

    def __init__(self, house: House) -> None:
        """Keep nothing."""
        del house

    def do(self, works: Works) -> bool:
        """Do all: there are few receivers. What cannot be opened stays, for `doctor` to tell of."""
        newest = sealing.beginning(works.house.keys, Webhook.__tablename__)
        with works.begin(ORIGIN, joined=False) as work:
            for row in work.db.scalars(select(Webhook)).all():
                if row.former_until is not None and row.former_until <= work.now:
                    over = (Webhook.id == row.id) & (Webhook.former_until <= work.now)
                    forget = update(Webhook).where(over)
                    work.db.execute(
                        forget.values(former_secret=None, former_until=None).execution_options(
                            synchronize_session=False
                        )
                    )
                for column in (Webhook.secret, Webhook.former_secret):
                    stored = getattr(row, column.key)
                    if stored is None or stored.startswith(newest):
                        continue
                    try:
                        secret = opened(works.house, stored, webhook_id=row.id)
                    except SealBroken:
                        continue
                    anew = sealed(works.house, secret, webhook_id=row.id)
                    as_read = (Webhook.id == row.id) & (column == stored)
                    reseal = update(Webhook).where(as_read).values({column: anew})
                    changed(work.db, reseal.execution_options(synchronize_session=False))
        return False
