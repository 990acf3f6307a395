"""The thread that sends what receivers are told."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Final, Self

from flask_gatehouse.db.work import Works
from flask_gatehouse.features.webhooks.recording import Outgoing
from flask_gatehouse.features.webhooks.sending import Sent, send_due

_log = logging.getLogger("gatehouse")

#: How often a worker looks by itself: for what other processes wrote, or that waits.
POLL: Final = timedelta(seconds=5)


class WebhookWorker:
    """A thread that sends: at once when it is nudged, and now and then by itself.

    One for each process that serves, started after the process was forked.
    """

    def __init__(
        self,
        works: Works,
        *,
        poll: timedelta = POLL,
        inside: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Start nothing yet. Args: inside: what a look needs around it."""
        self._works = works
        self._inside = inside
        self._poll = poll.total_seconds()
        self._nudged = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread()

    @property
    def running(self) -> bool:
        """Whether the thread lives; in a forked process it does not."""
        return self._thread.is_alive()

    def start(self) -> Self:
        """Start the thread, unless it runs in this process or all share a single connection."""
        with self._inside():
            if self.running or self._works.is_single:
                return self
        # New ones: a lock that was held in the parent at the fork would never be let go here.
        self._nudged, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="gatehouse-webhooks", daemon=True)
        self._works.house.part(Outgoing).worker = self
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

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._look().delivered:
                # There may be more: a round takes some of each receiver.
                continue
            self._nudged.wait(self._poll)
            self._nudged.clear()

    def _look(self) -> Sent:
        try:
            with self._inside():
                return send_due(self._works, inside=self._inside, stopped=self._stopping.is_set)
        except Exception:  # noqa: BLE001 - the thread outlives whatever fails in it
            # Most likely the database is away; the deliveries are where they were.
            _log.exception("webhooks could not be sent; it is tried again")
            return Sent()
