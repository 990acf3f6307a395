"""Take letters out of the outbox, one process at a time each, and deliver them.

A letter is leased by one conditional UPDATE whose row count is the verdict, delivered outside of
any transaction, and then marked. Several processes never deliver one letter twice, with one
exception that no order of steps can avoid: a process that dies, or loses the database, between
delivery and mark leaves a letter that is delivered again when its lease is over. It then carries
the same Message-ID, by which receivers drop the second one; in the file outbox it is the same file.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, Self
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update

from flask_gatehouse.core.errors import Unavailable
from flask_gatehouse.core.events import Event, Listener, Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.mail.delivery import Post
from flask_gatehouse.features.mail.errors import NotDelivered
from flask_gatehouse.features.mail.events import LetterFailed, LetterPosted, LetterSent
from flask_gatehouse.features.mail.messages import Letterhead, compose
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.mail.rules import MOST_ATTEMPTS, wait_after
from flask_gatehouse.features.mail.settings import MailSettings

_log = logging.getLogger("gatehouse")

_ORIGIN: Final = Origin(channel="worker")

#: How often a worker looks by itself: for letters that other processes posted, or that wait.
POLL: Final = timedelta(seconds=5)

#: Answers that one delivery waits for at most, counted generously; each may take the timeout.
_ANSWERS: Final = 15

#: How often it is tried to mark a letter that was delivered.
_MARKS: Final = 3

#: Letters that one round looks at.
_ROUND: Final = 50

Verdict = Literal["sent", "failed", "dead"]


@dataclass(frozen=True)
class Sent:
    """What became of the letters that were due."""

    sent: int = 0
    #: Not taken; they are tried again.
    failed: int = 0
    #: Given up.
    dead: int = 0

    @property
    def tried(self) -> int:
        """How many letters this process took up."""
        return self.sent + self.failed + self.dead

    def __add__(self, other: "Sent") -> "Sent":
        return Sent(self.sent + other.sent, self.failed + other.failed, self.dead + other.dead)


def send_due(works: Works, *, limit: int = _ROUND) -> Sent:
    """Deliver what is due, oldest first; leave to other processes what they have leased.

    Args:
        limit: letters that are looked at.
    """
    _forget(works)
    verdicts = [
        _attempt(works, letter)
        for letter_id, attempts in _due(works, limit)
        if (letter := _lease(works, letter_id, attempts)) is not None
    ]
    return Sent(verdicts.count("sent"), verdicts.count("failed"), verdicts.count("dead"))


def send_all(works: Works, *, stopped: Callable[[], bool] = lambda: False) -> Sent:
    """Deliver until nothing is due. A letter that fails is not due again at once."""
    total = Sent()
    while not stopped():
        found = send_due(works, limit=10)
        total += found
        if not found.tried:
            break
    return total


def deliver(house: House, letter: Letter) -> None:
    """Deliver a letter now, whatever is in the outbox. Raises: NotDelivered."""
    house.part(Post).deliver(compose(letter, house.part(Letterhead)))


def _due(works: Works, limit: int) -> Sequence[tuple[UUID, int]]:
    """Return id and number of attempts of letters that are due."""
    now = works.house.clock.now()
    free = or_(Letter.leased_until.is_(None), Letter.leased_until <= now)
    due = (Letter.next_try_at <= now) & Letter.sent_at.is_(None) & Letter.dead_at.is_(None) & free
    oldest = select(Letter.id, Letter.attempts).where(due)
    with works.reading() as db:
        rows = db.execute(oldest.order_by(Letter.next_try_at, Letter.id).limit(limit)).all()
    return [(letter_id, attempts) for letter_id, attempts in rows]


def _lease(works: Works, letter_id: UUID, attempts: int) -> Letter | None:
    """Take a letter up, or return None because somebody else did since it was seen to be due."""
    lease = _ANSWERS * works.house.settings[MailSettings].timeout
    with works.begin(_ORIGIN, joined=False) as work:
        taking = update(Letter).where(_untouched(letter_id, attempts))
        taking = taking.values(leased_until=work.now + lease, attempts=attempts + 1)
        return work.db.get(Letter, letter_id) if changed(work.db, taking) == 1 else None


def _attempt(works: Works, letter: Letter) -> Verdict:
    if letter.attempts > MOST_ATTEMPTS:
        # The processes that took it up before did not live to say what became of it.
        return _postpone(works, letter, "it was taken up too often")
    try:
        deliver(works.house, letter)
    except NotDelivered as error:
        return _postpone(works, letter, str(error))
    except Exception as error:  # noqa: BLE001 - one letter that breaks must not hold up the others
        _log.debug("letter %s broke", letter.id, exc_info=True)
        return _postpone(works, letter, type(error).__name__)
    _insist(lambda: _finish(works, letter, LetterSent(user_id=letter.user_id, letter=letter.kind)))
    return "sent"


def _postpone(works: Works, letter: Letter, reason: str) -> Verdict:
    """Plan the next attempt, or give the letter up after the last one."""
    wait = wait_after(letter.attempts)
    _log.warning(
        "letter %s (%s) was not delivered, attempt %d: %s; %s",
        letter.id,
        letter.kind,
        letter.attempts,
        reason,
        "given up" if wait is None else f"again in {wait}",
    )
    if wait is None:
        failed = LetterFailed(user_id=letter.user_id, letter=letter.kind, attempts=letter.attempts)
        _finish(works, letter, failed)
        return "dead"
    with works.begin(_ORIGIN, joined=False) as work:
        later = update(Letter).where(_untouched(letter.id, letter.attempts))
        work.db.execute(later.values(next_try_at=work.now + wait, leased_until=None))
    return "failed"


def _finish(works: Works, letter: Letter, event: LetterSent | LetterFailed) -> None:
    """Mark a letter as sent or given up, wipe what it said, and write that down."""
    keep = works.house.settings[MailSettings].retention
    with works.begin(_ORIGIN, joined=False) as work:
        done = Letter.sent_at if isinstance(event, LetterSent) else Letter.dead_at
        finishing = (
            update(Letter)
            .where(_untouched(letter.id, letter.attempts))
            .values(
                {
                    done: work.now,
                    Letter.text: "",
                    Letter.html: None,
                    Letter.leased_until: None,
                    Letter.next_try_at: work.now + keep,
                }
            )
        )
        if changed(work.db, finishing) == 1:
            work.record(event)


def _insist(mark: Callable[[], None]) -> None:
    """Try again what must not fail for a moment's trouble: the letter is out already."""
    for _ in range(_MARKS - 1):
        try:
            return mark()
        except Unavailable as error:
            _log.warning("a letter was delivered, and marking it failed (%s)", error.code)
    return mark()


def _untouched(letter_id: UUID, attempts: int) -> ColumnElement[bool]:
    """Return what is true as long as nobody took the letter up since it was seen.

    It names the row by its primary key and by nothing that another index holds: MariaDB would
    lock the two indexes in one order here and in the other one there, and two would wait for each
    other.
    """
    unfinished = Letter.sent_at.is_(None) & Letter.dead_at.is_(None)
    return (Letter.id == letter_id) & (Letter.attempts == attempts) & unfinished


def _forget(works: Works) -> None:
    """Delete letters that were sent or given up long ago; asks before it locks anything."""
    done = or_(Letter.sent_at.is_not(None), Letter.dead_at.is_not(None))
    over = (Letter.next_try_at <= works.house.clock.now()) & done
    with works.reading() as db:
        found = db.scalars(select(Letter.id).where(over).limit(_ROUND)).all()
    if found:
        with works.begin(_ORIGIN, joined=False) as work:
            work.db.execute(delete(Letter).where(Letter.id.in_(found)))


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
        if self.worker is not None and isinstance(event, LetterPosted):
            self.worker.nudge()
