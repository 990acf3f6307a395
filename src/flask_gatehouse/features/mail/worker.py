"""The thread that empties the outbox, and the bell that wakes it."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Final, Self

from flask_gatehouse.core.events import Event, Listener, Origin
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.mail.clearing import clear
from flask_gatehouse.features.mail.events import LetterPosted, LetterRetried
from flask_gatehouse.features.mail.outbox import send_all

_log = logging.getLogger("gatehouse")

#: How often a worker looks by itself: for letters that other processes posted, or that wait.
POLL: Final = timedelta(seconds=5)


class OutboxWorker:
    """A thread that empties the outbox: at once when it is nudged, and now and then by itself.

    One for each process that serves, started after the process was forked.
    """

    def __init__(
        self,
        works: Works,
        *,
        poll: timedelta = POLL,
        inside: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Start nothing yet.

        Args:
            poll: how often to look without a nudge.
            inside: what a look needs around it, such as the context of an application whose own
                database is used.
        """
        self._works = works
        self._inside = inside
        self._poll = poll.total_seconds()
        self._nudged = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread()

    @classmethod
    def of(
        cls, works: Works, *, inside: Callable[[], AbstractContextManager[object]] = nullcontext
    ) -> "OutboxWorker":
        """Return the worker of this house; a new one if it has none yet."""
        bell = works.house.part(Bell)
        if bell.worker is None:
            bell.worker = cls(works, inside=inside)
        return bell.worker

    @property
    def running(self) -> bool:
        """Whether the thread lives; in a forked process it does not."""
        return self._thread.is_alive()

    def start(self) -> Self:
        """Start the thread, unless it runs in this process."""
        if self.running:
            return self
        # New ones: a lock that was held in the parent at the fork would never be let go here.
        self._nudged, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="gatehouse-outbox", daemon=True)
        self._works.house.part(Bell).worker = self
        self._thread.start()
        return self

    def nudge(self) -> None:
        """Look at once."""
        if self.running:
            self._nudged.set()

    def stop(self) -> None:
        """Finish the letters in hand, and end."""
        if self.running:
            self._stopping.set()
            self._nudged.set()
            self._thread.join()

    def wait(self) -> None:
        """Wait until it is told to stop."""
        # Not for the thread itself: a wait for a thread that an interrupt breaks off makes
        # Python 3.11 believe that the thread has ended.
        self._stopping.wait()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._look()
            self._nudged.wait(self._poll)
            self._nudged.clear()

    def _look(self) -> None:
        try:
            with self._inside():
                clear(self._works)
                send_all(self._works, stopped=self._stopping.is_set)
        except Exception:  # noqa: BLE001 - the thread outlives whatever fails in it
            # Most likely the database is away; the letters are where they were.
            _log.exception("the outbox could not be emptied; it is tried again")


class Bell(Listener):
    """Nudges the worker of this process, if there is one, when a letter was posted."""

    def __init__(self) -> None:
        """Nobody to nudge yet."""
        self.worker: OutboxWorker | None = None

    def hear(self, event: Event, origin: Origin) -> None:
        """Nudge after the commit in which a letter was written."""
        del origin
        if self.worker is not None and isinstance(event, LetterPosted | LetterRetried):
            self.worker.nudge()
