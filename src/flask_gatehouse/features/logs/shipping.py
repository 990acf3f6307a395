"""A line for each event of the record, for programs that collect lines and keep them elsewhere."""

import logging
from uuid import UUID

from flask_gatehouse.core.events import Event, Listener, Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.features.logs.lines import TOLD
from flask_gatehouse.features.logs.settings import LogSettings

_log = logging.getLogger("gatehouse.events")


class Shipping(Listener):
    """Writes a line after the commit: what was rolled back gets none."""

    def __init__(self, house: House) -> None:
        """Args: house: says whether it is wanted."""
        self._wanted = house.settings[LogSettings].events

    def hear(self, event: Event, origin: Origin) -> None:
        """Write down what the record has of the event."""
        if not self._wanted:
            return
        told: dict[str, object] = {
            "event": event.name,
            "outcome": event.outcome,
            "about": _text(event.user_id),
            "actor": _text(origin.actor_id),
            "origin_session": origin.session_id,
            "channel": origin.channel,
            "address": origin.address,
            "agent": origin.agent,
            "facts": {name: _plain(fact) for name, fact in event.facts().items()},
        }
        if origin.request_id is not None:
            told["request_id"] = origin.request_id
        _log.info("recorded", extra={TOLD: told})


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _plain(fact: object) -> object:
    if isinstance(fact, (bool, int, float)) or fact is None:
        return fact
    if isinstance(fact, (list, tuple)):
        return [_plain(each) for each in fact]
    return str(fact)
