"""Write events down."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from threading import RLock
from typing import Any, Final
from uuid import UUID

from flask_gatehouse.core.events import Event
from flask_gatehouse.core.house import House
from flask_gatehouse.core.settings import written
from flask_gatehouse.core.text import one_line
from flask_gatehouse.db.base import new_id
from flask_gatehouse.db.work import Recorder, Work, Works
from flask_gatehouse.features.audit import chain
from flask_gatehouse.features.audit.errors import RecordBusy

#: The fact that tells as whom somebody saw the site when they did what a row tells.
VIEWING_AS: Final = "viewing_as"


class AuditRecorder(Recorder):
    """Adds each recorded event to the table, in the transaction it belongs to."""

    def __init__(self) -> None:
        """Look at nothing yet."""
        self._lanes_are_there = False
        self._making = False
        self._lock = RLock()

    def prepare(self, works: Works) -> None:
        """Make or seal the lanes: once, and before this work holds anything."""
        if not self._lanes_are_there:
            with self._lock:
                self._make_lanes(works)

    def write(self, work: Work, event: Event) -> None:
        """Add one row at the end of a lane. Raises what `write_all` does."""
        self.write_all(work, [event])

    def write_all(self, work: Work, events: Sequence[Event]) -> None:
        """Add rows at the end of a lane: those of one outcome that follow each other at once.

        Raises:
            RecordBusy: none was free for too long; or there are none, and the next work makes them.
        """
        try:
            for outcome, some in groupby(events, key=attrgetter("outcome")):
                chain.append(work, outcome, [_row(work, event) for event in some])
        except RecordBusy:
            self._lanes_are_there = False
            raise

    def _make_lanes(self, works: Works) -> None:
        # Making them is work as well, and comes by here.
        if self._lanes_are_there or self._making:
            return
        self._making = True
        try:
            found = chain.seals(works)
            if found:
                chain.seal_anew(works, found)
            else:
                chain.make_lanes(works)
            self._lanes_are_there = True
        finally:
            self._making = False


def recorder(house: House) -> AuditRecorder:
    """Return what writes events down."""
    del house
    return AuditRecorder()


def _row(work: Work, event: Event) -> dict[str, Any]:
    origin = work.origin
    facts = {name: _plain(fact) for name, fact in event.facts().items()}
    if origin.viewing is not None:
        facts[VIEWING_AS] = str(origin.viewing)
    return {
        "at": work.now,
        "id": new_id(),
        "name": event.name,
        "outcome": event.outcome,
        "user_id": event.user_id,
        "actor_id": origin.actor_id,
        "session_id": origin.session_id,
        "channel": origin.channel,
        "address": origin.address,
        "agent": origin.agent,
        "request_id": origin.request_id,
        "facts": facts,
    }


def _plain(fact: object) -> object:
    if isinstance(fact, (bool, int, float)) or fact is None:
        return fact
    if isinstance(fact, datetime):
        return fact.isoformat()
    if isinstance(fact, timedelta):
        return written(fact)
    if isinstance(fact, (list, tuple)):
        return [_plain(each) for each in fact]
    if isinstance(fact, UUID):
        return str(fact)
    return one_line(str(fact))
