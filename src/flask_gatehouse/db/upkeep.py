"""What has to be done now and then: one thread in each process that serves, beside the requests."""

import atexit
import logging
import re
import secrets
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from typing import ClassVar, Final, Self

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Works

_log = logging.getLogger("gatehouse")

#: After a piece of work there is a pause of so many times what the piece took, so that the thread
#: has at most a fifth of a core and of the database's writer.
_REST: Final = 4

#: Seconds of the shortest pause between two pieces.
_SHORTEST_REST: Final = 0.02

#: Seconds for which the end of a process waits for what is written last.
_LAST_WORDS: Final = 5

#: A chore is done somewhat earlier than it would be due, so that processes do not come together.
_EARLIEST: Final = 0.75


class Chore(ABC):
    """Something small that is done now and then. Several processes may do it at the same time."""

    #: The longest that it waits for its turn.
    every: ClassVar[timedelta]

    @property
    def label(self) -> str:
        """What it is called where somebody sees to it that chores are done."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(self).__name__)
        return words.capitalize()

    @abstractmethod
    def do(self, works: Works) -> bool:
        """Do a piece that holds nobody up; return whether there is more, which comes soon.

        Raises:
            Exception: it is logged, and the chore has its next turn as if it had been done.
        """

    def begin(self) -> None:  # noqa: B027 - most have nothing in hand
        """Forget what another process had in hand: this one was forked from it."""

    def finish(self, works: Works) -> None:  # noqa: B027 - as above
        """Do what must not be left when the process ends in order."""


@dataclass(frozen=True)
class Turn:
    """When a chore had its turn last in this process."""

    chore: str
    every: timedelta
    #: None if it had none yet.
    at: datetime | None
    failed: bool


class Upkeep:
    """Does the chores of one application. One for each process, started after the fork."""

    def __init__(self, house: House) -> None:
        """Start nothing yet."""
        self._house = house
        self._thread = threading.Thread()
        self._asked: SimpleQueue[Chore | None] = SimpleQueue()
        self._ended = threading.Event()
        self._last: dict[Chore, tuple[datetime, bool]] = {}

    def turns(self) -> tuple[Turn, ...]:
        """Return every chore, and when it had its turn last in this process."""
        return tuple(
            Turn(chore.label, chore.every, *self._last.get(chore, (None, False)))
            for chore in self._house.plugs(Chore)
        )

    @property
    def running(self) -> bool:
        """Whether the thread lives; in a forked process it does not."""
        return self._thread.is_alive()

    def start(
        self,
        works: Works,
        *,
        inside: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> Self:
        """Start the thread, unless it runs in this process or all share a single connection.

        Args:
            inside: what a chore needs around it, such as the context of an application whose own
                database is used.
        """
        with inside():
            if self.running or works.is_single:
                return self
        # New ones: a lock that was held in the parent at the fork would never be let go here.
        self._asked, self._ended = SimpleQueue(), threading.Event()
        for chore in self._house.plugs(Chore):
            chore.begin()
        self._thread = threading.Thread(
            target=self._run, args=(works, inside), name="gatehouse-upkeep", daemon=True
        )
        self._thread.start()
        atexit.register(self.stop)
        return self

    def nudge(self, chore: Chore) -> None:
        """Give a chore its turn at once."""
        self._asked.put(chore)

    def stop(self) -> None:
        """Let the chores write down what they have in hand, and end. Waits for some seconds."""
        atexit.unregister(self.stop)
        if self.running:
            self._asked.put(None)
            # Not for the thread itself: a wait for a thread that a second signal breaks off leaves
            # Python 3.11 waiting for it for ever when the process ends.
            self._ended.wait(_LAST_WORDS)

    def _run(self, works: Works, inside: Callable[[], AbstractContextManager[object]]) -> None:
        due = {chore: _turn_of(chore) for chore in self._house.plugs(Chore)}
        while (chore := self._next(due)) is not None:
            began = time.monotonic()
            more = _done(inside, partial(chore.do, works))
            taken = time.monotonic() - began
            self._last[chore] = (self._house.clock.now(), more is None)
            due[chore] = began + taken + rest_after(taken) if more else _turn_of(chore)
        for chore in due:
            _done(inside, partial(chore.finish, works))
        self._ended.set()

    def _next(self, due: dict[Chore, float]) -> Chore | None:
        """Wait for the chore that is due or asked for; None ends it all."""
        soonest = min(due, key=lambda chore: due[chore], default=None)
        wait = None if soonest is None else max(0.0, due[soonest] - time.monotonic())
        try:
            return self._asked.get(timeout=wait)
        except Empty:
            return soonest


def rest_after(taken: float) -> float:
    """Return how long to leave the database to others after a piece of work. All in seconds."""
    return max(_SHORTEST_REST, _REST * taken)


def _turn_of(chore: Chore) -> float:
    spread = secrets.SystemRandom().uniform(_EARLIEST, 1)
    return time.monotonic() + chore.every.total_seconds() * spread


def _done(
    inside: Callable[[], AbstractContextManager[object]], do: Callable[[], object]
) -> bool | None:
    """Return what was returned, or None if it failed."""
    try:
        with inside():
            return bool(do())
    except Exception:  # noqa: BLE001 - the thread outlives whatever fails in it
        # Most likely the database is away; the next turn comes.
        _log.exception("upkeep failed; it is tried again")
        return None
