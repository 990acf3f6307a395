"""What is told of an event: when it was, what it was, whose it was by id, and nothing personal."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask_gatehouse.core.events import Event
from flask_gatehouse.db.base import new_id
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.webhooks.rules import PING


def body(work: Work, event: Event) -> str:
    """Return what receivers are sent of an event."""
    # A text may name somebody, or be a mail address; numbers, and yes and no, tell of nobody.
    facts = {name: fact for name, fact in event.facts().items() if isinstance(fact, bool | int)}
    origin = work.origin
    data: dict[str, object] = {
        "outcome": event.outcome,
        "user_id": _id(event.user_id),
        "actor_id": _id(origin.actor_id),
        "channel": origin.channel,
        "request_id": origin.request_id,
        "facts": facts,
    }
    return _written(event.name, work.now, data)


def ping(work: Work) -> str:
    """Return what a receiver is sent that somebody tries out."""
    return _written(PING, work.now, {})


def delivery(work: Work, *, webhook_id: UUID, event: str, body: str) -> dict[str, Any]:
    """Return a row for one receiver."""
    return {
        "id": new_id(),
        "webhook_id": webhook_id,
        "event": event,
        "body": body,
        "created_at": work.now,
        "tried_since": work.now,
        "attempts": 0,
        "forgiven": 0,
        "next_try_at": work.now,
    }


def _id(found: UUID | None) -> str | None:
    return None if found is None else str(found)


def _written(kind: str, at: datetime, data: dict[str, object]) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said = {"type": kind, "timestamp": moment, "data": data}
    return json.dumps(said, separators=(",", ":"))
