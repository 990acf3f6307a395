"""Write down, in the transaction of each event, for whom it is to be sent."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Final, Protocol, cast
from uuid import UUID

from sqlalchemy import Table, insert, select

from flask_gatehouse.core.events import Event, Listener, Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Recorder, Work, Works
from flask_gatehouse.features.webhooks import rules, telling
from flask_gatehouse.features.webhooks.models import Delivery, Webhook

#: Seconds for which a process believes what it knows of the receivers. What it changes itself it
#: knows at once; a sign-in asks the database for nothing more.
_BELIEVED: Final = 5.0

_DELIVERIES: Final = cast("Table", Delivery.__table__)


class Sleeper(Protocol):
    """Whoever sends, and looks at once if it is nudged."""

    def nudge(self) -> None:
        """Look at once."""


@dataclass(frozen=True)
class _Receiver:
    id: UUID
    wants: frozenset[str]


class Outgoing(Recorder, Listener):
    """Adds a row for each receiver that wants an event, and wakes the worker after the commit."""

    def __init__(self, house: House) -> None:
        """Know of no receiver yet."""
        del house
        self.worker: Sleeper | None = None
        self._receivers: tuple[_Receiver, ...] = ()
        self._known_until = 0.0
        self._asking = False
        self._lock = RLock()

    def prepare(self, works: Works) -> None:
        """Know the receivers, before a work holds anything."""
        if time.monotonic() < self._known_until:
            return
        with self._lock:
            if time.monotonic() < self._known_until or self._asking:
                return
            self._asking = True
            try:
                with works.reading() as db:
                    rows = db.execute(select(Webhook.id, Webhook.wants).where(Webhook.enabled))
                    self._receivers = tuple(_Receiver(row.id, frozenset(row.wants)) for row in rows)
                self._known_until = time.monotonic() + _BELIEVED
            finally:
                self._asking = False

    def write(self, work: Work, event: Event) -> None:
        """Add what `write_all` does."""
        self.write_all(work, [event])

    def write_all(self, work: Work, events: Sequence[Event]) -> None:
        """Add a row for each receiver that wants one of the events."""
        if not self._receivers:
            return
        rows = [
            telling.delivery(work, webhook_id=each.id, event=event.name, body=body)
            for event in events
            if (wanting := self._wanting(event)) and (body := telling.body(work, event))
            for each in wanting
        ]
        if rows:
            work.db.execute(insert(_DELIVERIES), rows)

    def hear(self, event: Event, origin: Origin) -> None:
        """Wake the worker of this process, or learn anew who the receivers are."""
        del origin
        if event.name.startswith(f"{rules.OWN_FAMILY}."):
            self._known_until = 0.0
        if self.worker is not None and (
            event.name == "webhooks.delivery_retried" or self._wanting(event)
        ):
            self.worker.nudge()

    def _wanting(self, event: Event) -> list[_Receiver]:
        return [each for each in self._receivers if rules.is_wanted(event.name, each.wants)]
