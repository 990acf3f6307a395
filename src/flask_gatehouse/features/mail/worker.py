"""The thread that empties the outbox, and the bell that wakes it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Self

from flask_gatehouse.core.events import Event, Listener, Origin
from flask_gatehouse.db.work import Works
from flask_gatehouse.db.worker import Worker
from flask_gatehouse.features.mail.clearing import clear
from flask_gatehouse.features.mail.events import LetterPosted, LetterRetried
from flask_gatehouse.features.mail.outbox import send_all


class OutboxWorker(Worker):
    """Empties the outbox."""

    name = "gatehouse-outbox"
    complaint = "the outbox could not be emptied"

    @classmethod
    def of(
        cls, works: Works, *, inside: Callable[[], AbstractContextManager[object]] = nullcontext
    ) -> "OutboxWorker":
        """Return the worker of this house; a new one if it has none yet."""
        bell = works.house.part(Bell)
        if bell.worker is None:
            bell.worker = cls(works, inside=inside)
        return bell.worker

    def start(self) -> Self:
        """Start the thread, unless it runs in this process; letters that are posted wake it."""
        self._works.house.part(Bell).worker = self
        return super().start()

    def look(self) -> bool:
        """Send all that is due."""
        clear(self._works)
        send_all(self._works, stopped=self._stopped)
        return False


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
