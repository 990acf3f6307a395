"""What `doctor` asks about receivers of events."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select

from flask_gatehouse.cli.application import program
from flask_gatehouse.core import sealing
from flask_gatehouse.core.findings import Finding
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.webhooks import service
from flask_gatehouse.features.webhooks.models import Delivery, Webhook

#: How long something may be due before it looks as if nobody sends.
_OVERDUE: Final = timedelta(minutes=15)


def receivers(works: Works) -> Iterator[Finding]:
    """Whether each receiver is told, and its secret can be opened."""
    known = tuple(sealing.beginnings(works.house.keys, Webhook.__tablename__))
    with works.reading() as db:
        rows = service.everyone(db)
    disabled = sum(1 for each in rows if each.disabled_at is not None)
    lost = sum(1 for each in rows if not each.secret.startswith(known))
    if disabled:
        yield Finding(
            "note",
            f"{disabled} receiver(s) of webhooks failed for too long and are told nothing.",
            "What happens meanwhile they never hear of.",
            f"{program()} webhooks list; mend the receiver, then {program()} webhooks resume ID",
        )
    if lost or (rows and not sealing.is_possible()):
        yield Finding(
            "unsafe",
            f"The secrets of {lost or len(rows)} receiver(s) of webhooks cannot be opened.",
            "Nothing can be signed for them, so they are told nothing.",
            "GATEHOUSE_SECRET_KEY_FALLBACKS has to name the former key, and the package "
            "cryptography has to be installed",
        )


def queue(works: Works) -> Iterator[Finding]:
    """Whether somebody sends what is due."""
    late = works.house.clock.now() - _OVERDUE
    waits = Delivery.delivered_at.is_(None) & Delivery.failed_at.is_(None)
    enabled = select(Webhook.id).where(Webhook.enabled)
    overdue = (
        select(func.count())
        .select_from(Delivery)
        .where(waits, Delivery.next_try_at < late, Delivery.webhook_id.in_(enabled))
    )
    with works.reading() as db:
        count = db.scalar(overdue) or 0
    if count:
        yield Finding(
            "note",
            f"{count:,} webhook(s) have been due for {_OVERDUE.seconds // 60} minutes and more.",
            "It looks as if no process sends them.",
            f"gatehouse run sends them; elsewhere call {program()} webhooks send now and then",
        )
