"""Send what is due, each delivery by one process at a time.

A delivery is leased by one conditional UPDATE, whose row count is the verdict, sent outside of any
transaction, and marked. A process that dies in between leaves it to be sent again when its lease is
over, under the same id, by which receivers drop what they have.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update

from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.sealing import SealBroken
from flask_gatehouse.core.tracing import span
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.webhooks import reaching, rules
from flask_gatehouse.features.webhooks.errors import NotTaken
from flask_gatehouse.features.webhooks.events import DeliveryFailed, WebhookDisabled
from flask_gatehouse.features.webhooks.models import Delivery, Webhook
from flask_gatehouse.features.webhooks.sealed import in_force
from flask_gatehouse.features.webhooks.settings import WebhookSettings

_log = logging.getLogger("gatehouse")

ORIGIN: Final = Origin(channel="worker")

#: Deliveries to one receiver that are leased together.
_ROUND: Final = 10

#: Receivers that are sent to at the same time, so that one that is slow holds up no other.
_AT_ONCE: Final = 4

#: For how long a process has what it leased.
_LEASE: Final = timedelta(minutes=10)

#: Beyond the timeout, what the look-up of a name may take; the system decides that.
_LOOK_UP: Final = timedelta(seconds=60)

#: The least part of a wait that is waited, so that what failed together does not come back so.
_LEAST: Final = 0.8

#: The receiver says that it is gone for good. Source: Standard Webhooks 1.0.
_GONE: Final = 410

Verdict = Literal["delivered", "failed", "given up"]


@dataclass(frozen=True)
class Sent:
    """What became of the deliveries that were due."""

    delivered: int = 0
    #: Not taken; they are tried again.
    failed: int = 0
    given_up: int = 0

    def __add__(self, other: "Sent") -> "Sent":
        return Sent(
            self.delivered + other.delivered,
            self.failed + other.failed,
            self.given_up + other.given_up,
        )


def send_due(
    works: Works,
    *,
    inside: Callable[[], AbstractContextManager[object]] = nullcontext,
    stopped: Callable[[], bool] = lambda: False,
) -> Sent:
    """Send some of what is due to each receiver, to several of them at the same time.

    Args:
        inside: what each thread needs around it, such as the context of an application.
    """
    due = _receivers_due(works)
    if not due:
        return Sent()
    total = Sent()
    if works.is_single or len(due) == 1:
        return sum((_send_some(works, inside, stopped, each) for each in due), total)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="gatehouse-webhook") as pool:
        for sent in pool.map(partial(_send_some, works, inside, stopped), due):
            total += sent
    return total


def send_one(works: Works, delivery_id: UUID) -> Delivery | None:
    """Send one delivery now, unless somebody else is at it; return what has become of it."""
    with works.reading() as db:
        found = db.get(Delivery, delivery_id)
        webhook = None if found is None else db.get(Webhook, found.webhook_id)
    if found is not None and webhook is not None:
        for delivery in _lease(works, [(found.id, found.attempts)]):
            _attempt(works, webhook, delivery)
    with works.reading() as db:
        return db.get(Delivery, delivery_id)


def _receivers_due(works: Works) -> Sequence[UUID]:
    with works.reading() as db:
        due = select(Delivery.webhook_id).where(_due(works)).distinct()
        enabled = select(Webhook.id).where(Webhook.enabled, Webhook.id.in_(due))
        return db.scalars(enabled.order_by(Webhook.id)).all()


def _due(works: Works) -> ColumnElement[bool]:
    now = works.house.clock.now()
    free = or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now)
    return (Delivery.next_try_at <= now) & _unfinished() & free


def _unfinished() -> ColumnElement[bool]:
    return Delivery.delivered_at.is_(None) & Delivery.failed_at.is_(None)


def _send_some(
    works: Works,
    inside: Callable[[], AbstractContextManager[object]],
    stopped: Callable[[], bool],
    webhook_id: UUID,
) -> Sent:
    """Send to one receiver, until it fails: the others then wait for the next round."""
    with inside():
        mine = select(Delivery.id, Delivery.attempts).where(
            Delivery.webhook_id == webhook_id, _due(works)
        )
        with works.reading() as db:
            webhook = db.get(Webhook, webhook_id)
            seen = db.execute(mine.order_by(Delivery.next_try_at, Delivery.id).limit(_ROUND)).all()
        if webhook is None or not webhook.enabled:
            return Sent()
        leased = _lease(works, [(row.id, row.attempts) for row in seen])
        verdicts: list[Verdict] = []
        for number, delivery in enumerate(leased):
            failing = bool(verdicts) and verdicts[-1] != "delivered"
            if failing or stopped() or not _has_time(works, delivery):
                _hand_back(works, leased[number:])
                break
            verdicts.append(_attempt(works, webhook, delivery))
    return Sent(verdicts.count("delivered"), verdicts.count("failed"), verdicts.count("given up"))


def _lease(works: Works, seen: Sequence[tuple[UUID, int]]) -> list[Delivery]:
    """Take deliveries up, but those that somebody else took since they were seen to be due."""
    if not seen:
        return []
    with works.begin(ORIGIN, joined=False) as work:
        taken = [
            delivery_id
            for delivery_id, attempts in sorted(seen)
            if _change(
                work,
                delivery_id,
                attempts,
                leased_until=work.now + _LEASE,
                attempts=attempts + 1,
            )
        ]
        rows = work.db.scalars(select(Delivery).where(Delivery.id.in_(taken))) if taken else ()
        found = {row.id: row for row in rows}
    return [found[delivery_id] for delivery_id, _ in seen if delivery_id in found]


def _has_time(works: Works, delivery: Delivery) -> bool:
    """Whether an attempt that begins now ends before another process may take it up."""
    longest = works.house.settings[WebhookSettings].timeout + _LOOK_UP
    until = delivery.leased_until
    return until is not None and works.house.clock.now() + longest <= until


def _hand_back(works: Works, deliveries: Sequence[Delivery]) -> None:
    """Leave deliveries to whoever comes next, as if they had not been taken up."""
    with works.begin(ORIGIN, joined=False) as work:
        for each in sorted(deliveries, key=lambda one: one.id):
            _change(work, each.id, each.attempts, leased_until=None, forgiven=each.forgiven + 1)


def _attempt(works: Works, webhook: Webhook, delivery: Delivery) -> Verdict:
    with span("gatehouse.webhook"):
        try:
            status = _post(works, webhook, delivery)
        except NotTaken as error:
            return _postpone(works, webhook, delivery, str(error), status=error.status)
        except SealBroken as error:
            return _postpone(works, webhook, delivery, f"its secret cannot be read: {error}")
        except Exception as error:  # noqa: BLE001 - one that breaks must not hold up the others
            _log.debug("delivery %s broke", delivery.message_id, exc_info=True)
            return _postpone(works, webhook, delivery, type(error).__name__)
    _delivered(works, webhook, delivery, status)
    return "delivered"


def _post(works: Works, webhook: Webhook, delivery: Delivery) -> int:
    house = works.house
    settings = house.settings[WebhookSettings]
    host = urlsplit(webhook.url).hostname or ""
    body, timestamp = delivery.body.encode(), int(house.clock.now().timestamp())
    signatures = [
        rules.signature(secret, message_id=delivery.message_id, timestamp=timestamp, body=body)
        for secret in in_force(house, webhook)
    ]
    # The settings may have changed since the receiver was added.
    rules.url(webhook.url, private_hosts=settings.private_hosts)
    return reaching.post(
        webhook.url,
        body=body,
        headers={
            "Content-Type": "application/json",
            "User-Agent": "Gatehouse-Webhooks/1",
            "webhook-id": delivery.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(signatures),
        },
        timeout=settings.timeout.total_seconds(),
        private=rules.is_named(host, settings.private_hosts),
        ca=settings.ca,
    )


def _delivered(works: Works, webhook: Webhook, delivery: Delivery, status: int) -> None:
    """Mark what was taken; what it said is of no use any more."""
    forget = works.house.settings[WebhookSettings].retention
    with works.begin(ORIGIN, joined=False) as work:
        # The receiver before its deliveries, as where it is removed.
        recovered = update(Webhook).where(
            Webhook.id == webhook.id, Webhook.failing_since.is_not(None)
        )
        work.db.execute(
            recovered.values(failing_since=None).execution_options(synchronize_session=False)
        )
        _change(
            work,
            delivery.id,
            delivery.attempts,
            delivered_at=work.now,
            leased_until=None,
            next_try_at=work.now + forget,
            body="",
            status=status,
            reason=None,
        )


def _postpone(
    works: Works, webhook: Webhook, delivery: Delivery, reason: str, *, status: int | None = None
) -> Verdict:
    """Plan the next attempt, or give the delivery up if its time is over."""
    settings = works.house.settings[WebhookSettings]
    now = works.house.clock.now()
    wait = rules.wait_after(delivery.tries) * secrets.SystemRandom().uniform(_LEAST, 1)
    final = now + wait > delivery.tried_since + settings.give_up_after or status == _GONE
    _log.warning(
        "delivery %s to %s was not taken, attempt %d: %s; %s",
        delivery.message_id,
        webhook.public_id,
        delivery.attempts,
        reason,
        "given up" if final else f"again in {timedelta(seconds=round(wait.total_seconds()))}",
    )
    said: dict[str, object] = {
        "status": status,
        "reason": reason[: rules.LONGEST_REASON],
        "leased_until": None,
    }
    with works.begin(ORIGIN, joined=False) as work:
        # The receiver before its deliveries, as where it is removed.
        _note_failure(work, webhook, gone=status == _GONE)
        if final:
            said |= {"failed_at": work.now, "next_try_at": work.now + settings.retention}
        else:
            said |= {"next_try_at": work.now + wait}
        if _change(work, delivery.id, delivery.attempts, **said) and final:
            work.record(
                DeliveryFailed(
                    webhook=webhook.public_id, told=delivery.event, attempts=delivery.tries
                )
            )
    return "given up" if final else "failed"


def _note_failure(work: Work, webhook: Webhook, *, gone: bool) -> None:
    """Remember since when a receiver fails; after too long send nothing to it, and say so."""
    mine = Webhook.id == webhook.id
    options = {"synchronize_session": False}
    first = update(Webhook).where(mine, Webhook.failing_since.is_(None))
    work.db.execute(first.values(failing_since=work.now).execution_options(**options))
    long_ago = work.now - work.settings(WebhookSettings).disable_after
    hopeless = mine & Webhook.enabled
    if not gone:
        hopeless &= Webhook.failing_since <= long_ago
    disable = update(Webhook).where(hopeless).values(enabled=False, disabled_at=work.now)
    if changed(work.db, disable.execution_options(**options)) != 1:
        return
    work.record(WebhookDisabled(webhook=webhook.public_id))
    for each in work.db.scalars(select(User).where(User.is_admin, User.active)):
        notices.notify(
            work, user=each, letter="webhook_disabled", host=urlsplit(webhook.url).hostname
        )


def _change(work: Work, delivery_id: UUID, attempt: int, **values: object) -> bool:
    """Change a delivery, if nobody took it up or finished it since it was seen."""
    untouched = (Delivery.id == delivery_id) & (Delivery.attempts == attempt) & _unfinished()
    change = update(Delivery).where(untouched).values(values)
    return changed(work.db, change.execution_options(synchronize_session=False)) == 1
