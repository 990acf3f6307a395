"""A thread that looks for work: at once when it is nudged, and now and then by itself."""

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import ClassVar, Final, Self

from flask_gatehouse.db.work import Works

_log = logging.getLogger("gatehouse")

#: How often a worker looks by itself: for what other processes wrote, or that waits.
POLL: Final = timedelta(seconds=5)


class Worker(ABC):
    """Does one kind of work. One for each process that serves, started after the fork."""

    #: What its thread is called.
    name: ClassVar[str]
    #: What is said when a look failed.
    complaint: ClassVar[str]

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

    @abstractmethod
    def look(self) -> bool:
        """Do what is to be done, and return whether there may be more at once.

        Ends early when it is told to stop. Whatever it raises is written down, and nothing more.
        """

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
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()
        return self

    def nudge(self) -> None:
        """Look at once."""
        if self.running:
            self._nudged.set()

    def stop(self) -> None:
        """Finish what is in hand, and end."""
        if self.running:
            self._stopping.set()
            self._nudged.set()
            self._thread.join()

    def wait(self) -> None:
        """Wait until it is told to stop."""
        # Not for the thread itself: a wait for a thread that an interrupt breaks off makes
        # Python 3.11 believe that the thread has ended.
        self._stopping.wait()

    def _stopped(self) -> bool:
        """Whether it was told to stop: what is asked between two pieces of work."""
        return self._stopping.is_set()

    def _run(self) -> None:
        while not self._stopped():
            if self._looked():
                continue
            self._nudged.wait(self._poll)
            self._nudged.clear()

    def _looked(self) -> bool:
        try:
            with self._inside():
                return self.look()
        except Exception:  # noqa: BLE001 - the thread outlives whatever fails in it
            # Most likely the database is away; what is to be done is where it was.
            _log.exception("%s; it is tried again", self.complaint)
            return False
