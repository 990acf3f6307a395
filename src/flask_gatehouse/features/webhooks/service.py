"""Add, change and remove receivers, and look at what was sent to them.

Every change holds the state of administration, and asks for the permission after that.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from flask_gatehouse.core import sealing, tokens
from flask_gatehouse.core.events import Vocabulary
from flask_gatehouse.db.base import new_id
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.webhooks import rules, telling
from flask_gatehouse.features.webhooks.errors import (
    CannotSeal,
    NoSuchWebhook,
    NotGivenUp,
    TooManyWebhooks,
)
from flask_gatehouse.features.webhooks.events import (
    DeliveryRetried,
    SecretRotated,
    WebhookAdded,
    WebhookChanged,
    WebhookPaused,
    WebhookRemoved,
    WebhookResumed,
)
from flask_gatehouse.features.webhooks.models import Delivery, Webhook
from flask_gatehouse.features.webhooks.sealed import sealed
from flask_gatehouse.features.webhooks.settings import WebhookSettings

PERMISSION = "webhooks.edit"


def everyone(db: Session) -> Sequence[Webhook]:
    """Return every receiver, the oldest first."""
    return db.scalars(select(Webhook).order_by(Webhook.created_at, Webhook.id)).all()


def one(db: Session, public_id: str) -> Webhook:
    """Return a receiver. Raises: NoSuchWebhook."""
    found = db.scalar(select(Webhook).where(Webhook.public_id == public_id))
    if found is None:
        raise NoSuchWebhook
    return found


def deliveries(
    db: Session, *, webhook: Webhook | None = None, limit: int, failed: bool = False
) -> Sequence[Delivery]:
    """Return what was written last, newest first; only what was given up if asked."""
    found = select(Delivery)
    if webhook is not None:
        found = found.where(Delivery.webhook_id == webhook.id)
    if failed:
        found = found.where(Delivery.failed_at.is_not(None))
    order = found.order_by(Delivery.created_at.desc(), Delivery.id.desc())
    return db.scalars(order.limit(limit)).all()


def add(
    work: Work, *, url: str, wants: Iterable[str], by: User | None = None
) -> tuple[Webhook, str]:
    """Add a receiver; return it and its secret, which is shown once and never again.

    Args:
        wants: names of events, families such as `login.*`, or `*` for everything.
        by: who asks; None is the command line.

    Raises:
        UrlRefused, EventsRefused: nothing can be sent so.
        TooManyWebhooks: there are enough.
        CannotSeal: secrets cannot be kept here.
        NotHere: `by` may not do this.
    """
    settings = work.settings(WebhookSettings)
    house = work.house
    place = rules.url(url, private_hosts=settings.private_hosts)
    wanted = rules.wants(wants, known=house.part(Vocabulary).meanings())
    if not sealing.is_possible():
        raise CannotSeal
    _hold(work, by)
    if (work.db.scalar(select(func.count()).select_from(Webhook)) or 0) >= settings.endpoints:
        raise TooManyWebhooks(most=settings.endpoints)
    secret, webhook_id = rules.new_secret(), new_id()
    webhook = Webhook(
        id=webhook_id,
        public_id=tokens.new_public_id(),
        url=place,
        wants=wanted,
        secret=sealed(house, secret, webhook_id=webhook_id),
        enabled=True,
        created_at=work.now,
        created_by=None if by is None else by.id,
    )
    work.db.add(webhook)
    work.db.flush()
    work.record(WebhookAdded(webhook=webhook.public_id, wants=tuple(wanted)))
    return webhook, secret


def change(work: Work, *, public_id: str, wants: Iterable[str], by: User | None = None) -> None:
    """Have a receiver told of other events from now on.

    Raises:
        NoSuchWebhook, EventsRefused, NotHere: nothing changes.
    """
    wanted = rules.wants(wants, known=work.house.part(Vocabulary).meanings())
    webhook = _held(work, public_id, by)
    if webhook.wants == wanted:
        return
    webhook.wants = wanted
    work.db.flush()
    work.record(WebhookChanged(webhook=public_id, wants=tuple(wanted)))


def rotate(work: Work, *, public_id: str, by: User | None = None) -> str:
    """Return a new secret; the former one signs beside it for a while.

    Raises:
        NoSuchWebhook, CannotSeal, NotHere: nothing changes.
    """
    if not sealing.is_possible():
        raise CannotSeal
    webhook = _held(work, public_id, by)
    secret = rules.new_secret()
    webhook.former_secret = webhook.secret
    webhook.former_until = work.now + work.settings(WebhookSettings).rotation
    webhook.secret = sealed(work.house, secret, webhook_id=webhook.id)
    work.db.flush()
    work.record(SecretRotated(webhook=public_id))
    return secret


def pause(work: Work, *, public_id: str, by: User | None = None) -> None:
    """Send nothing to a receiver until it is resumed; what happens meanwhile it never hears of.

    Raises: NoSuchWebhook, NotHere.
    """
    webhook = _held(work, public_id, by)
    if webhook.enabled:
        webhook.enabled = False
        work.db.flush()
        work.record(WebhookPaused(webhook=public_id))


def resume(work: Work, *, public_id: str, by: User | None = None) -> None:
    """Tell a receiver again that was paused, or that failed for too long.

    Raises: NoSuchWebhook, NotHere.
    """
    webhook = _held(work, public_id, by)
    if not webhook.enabled:
        webhook.enabled, webhook.disabled_at, webhook.failing_since = True, None, None
        work.db.flush()
        work.record(WebhookResumed(webhook=public_id))


def remove(work: Work, *, public_id: str, by: User | None = None) -> None:
    """Remove a receiver, and what was still to be sent to it.

    Raises: NoSuchWebhook, NotHere.
    """
    webhook = _held(work, public_id, by)
    left = delete(Delivery).where(Delivery.webhook_id == webhook.id)
    work.db.execute(left.execution_options(synchronize_session=False))
    work.db.delete(webhook)
    work.db.flush()
    work.record(WebhookRemoved(webhook=public_id))


def ping(work: Work, *, public_id: str, by: User | None = None) -> Delivery:
    """Write a delivery that tells of nothing, so that somebody sees whether it arrives.

    Raises: NoSuchWebhook, NotHere.
    """
    webhook = _held(work, public_id, by)
    row = telling.delivery(work, webhook_id=webhook.id, event=rules.PING, body=telling.ping(work))
    work.db.add(Delivery(**row))
    work.db.flush()
    return work.db.get_one(Delivery, row["id"])


def retry(work: Work, *, public_id: str, delivery_id: UUID, by: User | None = None) -> None:
    """Have a delivery that was given up tried again, as if it were new.

    Raises:
        NotGivenUp: it was not, or is none of this receiver.
        NoSuchWebhook, NotHere: nothing changes.
    """
    webhook = _held(work, public_id, by)
    given_up = (Delivery.id == delivery_id) & Delivery.failed_at.is_not(None)
    mine = (Delivery.webhook_id == webhook.id) & (Delivery.body != "")
    anew = (
        update(Delivery)
        .where(given_up, mine)
        .values(
            failed_at=None,
            tried_since=work.now,
            next_try_at=work.now,
            leased_until=None,
            forgiven=Delivery.attempts,
        )
    )
    if changed(work.db, anew.execution_options(synchronize_session=False)) != 1:
        raise NotGivenUp
    told = work.db.scalar(select(Delivery.event).where(Delivery.id == delivery_id)) or ""
    work.record(DeliveryRetried(webhook=public_id, told=told))


def census(db: Session) -> dict[str, int]:
    """Return how many deliveries are in which state: waiting, delivered, failed."""
    done, failed = Delivery.delivered_at.is_not(None), Delivery.failed_at.is_not(None)
    counted = select(func.count()).select_from(Delivery)
    return {
        "waiting": db.scalar(counted.where(~or_(done, failed))) or 0,
        "delivered": db.scalar(counted.where(done)) or 0,
        "failed": db.scalar(counted.where(failed)) or 0,
    }


def _hold(work: Work, by: User | None) -> None:
    users.hold_administration(work)
    roles.demand(work, by=by, permission=PERMISSION)


def _held(work: Work, public_id: str, by: User | None) -> Webhook:
    _hold(work, by)
    wanted = select(Webhook).where(Webhook.public_id == public_id)
    found = work.db.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise NoSuchWebhook
    return found
