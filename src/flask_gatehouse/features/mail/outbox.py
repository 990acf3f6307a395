"""Take letters out of the outbox, one process at a time each, and deliver them.

Letters are leased by one conditional UPDATE each, whose row count is the verdict. Some are leased
in one transaction, delivered outside of any, and those of one moment are marked together. Several
processes never deliver one letter twice, with one exception that no order of steps can avoid: a
process that dies, or loses the database, between delivery and mark leaves letters that are
delivered again when their lease is over. They then carry the same Message-ID, by which receivers
drop the second one; in the file outbox it is the same file.
"""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, bindparam, or_, select, update

from flask_gatehouse.core.errors import Unavailable
from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.core.tracing import span
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.mail.errors import LetterRefused, NotDelivered
from flask_gatehouse.features.mail.events import LetterFailed, LetterSent
from flask_gatehouse.features.mail.messages import Letterhead, compose
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.mail.post import Post
from flask_gatehouse.features.mail.rules import wait_after
from flask_gatehouse.features.mail.settings import MailSettings

_log = logging.getLogger("gatehouse")

ORIGIN: Final = Origin(channel="worker")

#: Answers that one delivery waits for at most, counted generously; each may take the timeout.
_ANSWERS: Final = 15

#: How often it is tried to mark letters that were delivered.
_MARKS: Final = 3

#: Seconds after which what was delivered is marked. A mark costs as much as a delivery, most of it
#: the commit, and a quick server is not kept waiting for each; with a slow one, each is marked at
#: once. So much is delivered again if a process dies.
_UNMARKED: Final = 0.1

#: Letters that are leased together.
_ROUND: Final = 50

#: The least part of a wait that is waited, so that letters that failed together do not come back
#: together.
_LEAST: Final = 0.8

Verdict = Literal["sent", "failed", "dead"]

# What is executed for each letter is a statement of the table, written once.
_LETTERS: Final = cast("Table", Letter.__table__)
_UNTOUCHED: Final = update(_LETTERS).where(
    _LETTERS.c.id == bindparam("letter"),
    _LETTERS.c.attempts == bindparam("attempt"),
    _LETTERS.c.sent_at.is_(None),
    _LETTERS.c.dead_at.is_(None),
)
_TAKE: Final = _UNTOUCHED.values(leased_until=bindparam("until"), attempts=_LETTERS.c.attempts + 1)
_SENT: Final = _UNTOUCHED.values(
    sent_at=bindparam("now"),
    leased_until=None,
    next_try_at=bindparam("forget_at"),
    text="",
    html=None,
)


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
    with works.house.part(Post).opened() as post:
        return _send_some(works, post, limit, lambda: False)


def send_all(works: Works, *, stopped: Callable[[], bool] = lambda: False) -> Sent:
    """Deliver until nothing is due. A letter that fails is not due again at once."""
    total = Sent()
    with works.house.part(Post).opened() as post:
        while not stopped():
            found = _send_some(works, post, _ROUND, stopped)
            total += found
            if not found.tried:
                break
    return total


def deliver(house: House, letter: Letter) -> None:
    """Deliver a letter now, whatever is in the outbox. Raises: NotDelivered."""
    with span("gatehouse.letter"):
        house.part(Post).deliver(compose(letter, house.part(Letterhead)))


def give_up(works: Works, letter: Letter) -> None:
    """Mark a letter as given up; it stays to be retried as long as what it says is of use."""
    keep = works.house.settings[MailSettings].retention
    with works.begin(ORIGIN, joined=False) as work:
        of_use = letter.of_use_until > work.now
        giving_up = (
            update(Letter)
            .where(_untouched(letter.id, letter.attempts))
            .values(
                {
                    Letter.dead_at: work.now,
                    Letter.leased_until: None,
                    Letter.next_try_at: letter.of_use_until if of_use else work.now + keep,
                    **({} if of_use else {Letter.text: "", Letter.html: None}),
                }
            )
        )
        if changed(work.db, giving_up) == 1:
            work.record(
                LetterFailed(user_id=letter.user_id, letter=letter.kind, attempts=letter.attempts)
            )


def _send_some(works: Works, post: Post, limit: int, stopped: Callable[[], bool]) -> Sent:
    """Lease some letters and deliver them; hand back those for which no time is left."""
    letters = _lease(works, _due(works, limit))
    verdicts: list[Verdict] = []
    with closing(_Delivered(works)) as delivered:
        for number, letter in enumerate(letters):
            if stopped() or not _has_time(works, letter):
                _hand_back(works, letters[number:])
                break
            verdicts.append(_attempt(works, post, letter))
            if verdicts[-1] == "sent":
                delivered.add(letter)
    return Sent(verdicts.count("sent"), verdicts.count("failed"), verdicts.count("dead"))


def _due(works: Works, limit: int) -> Sequence[tuple[UUID, int]]:
    """Return id and number of attempts of letters that are due."""
    now = works.house.clock.now()
    free = or_(Letter.leased_until.is_(None), Letter.leased_until <= now)
    due = (Letter.next_try_at <= now) & Letter.sent_at.is_(None) & Letter.dead_at.is_(None) & free
    oldest = select(Letter.id, Letter.attempts).where(due)
    with works.reading() as db:
        rows = db.execute(oldest.order_by(Letter.next_try_at, Letter.id).limit(limit)).all()
    return [(letter_id, attempts) for letter_id, attempts in rows]


def _lease(works: Works, seen: Sequence[tuple[UUID, int]]) -> list[Letter]:
    """Take letters up, but those that somebody else took since they were seen to be due.

    All processes take them in the order of their ids: two that lock some of the same letters wait
    for each other in one direction only.
    """
    if not seen:
        return []
    with works.begin(ORIGIN, joined=False) as work:
        until = work.now + 2 * _longest(works)
        taken = [
            letter_id
            for letter_id, attempts in sorted(seen)
            if changed(work.db, _TAKE, {"letter": letter_id, "attempt": attempts, "until": until})
        ]
        letters = work.db.scalars(select(Letter).where(Letter.id.in_(taken))) if taken else ()
        found = {letter.id: letter for letter in letters}
    return [found[letter_id] for letter_id, _ in seen if letter_id in found]


def _longest(works: Works) -> timedelta:
    """Return how long one delivery may take."""
    return _ANSWERS * works.house.settings[MailSettings].timeout


def _has_time(works: Works, letter: Letter) -> bool:
    """Whether a delivery that begins now ends before another process may take the letter up."""
    now = works.house.clock.now()
    return letter.leased_until is not None and now + _longest(works) <= letter.leased_until


def _hand_back(works: Works, letters: Sequence[Letter]) -> None:
    """Leave letters to whoever comes next, as if they had not been taken up."""
    with works.begin(ORIGIN, joined=False) as work:
        for letter in sorted(letters, key=lambda each: each.id):
            untried = update(Letter).where(_untouched(letter.id, letter.attempts))
            work.db.execute(untried.values(leased_until=None, forgiven=letter.forgiven + 1))


def _attempt(works: Works, post: Post, letter: Letter) -> Verdict:
    if letter.of_use_until <= works.house.clock.now():
        return _postpone(works, letter, "its time is over", final=True)
    if letter.tries > works.house.settings[MailSettings].attempts:
        # The processes that took it up before did not live to say what became of it.
        return _postpone(works, letter, "it was taken up too often")
    try:
        with span("gatehouse.letter"):
            post.deliver(compose(letter, works.house.part(Letterhead)))
    except LetterRefused as error:
        return _postpone(works, letter, str(error), final=True)
    except NotDelivered as error:
        return _postpone(works, letter, str(error))
    except Exception as error:  # noqa: BLE001 - one letter that breaks must not hold up the others
        _log.debug("letter %s broke", letter.id, exc_info=True)
        return _postpone(works, letter, type(error).__name__)
    return "sent"


class _Delivered:
    """Letters that are out and not marked yet: none for longer than a moment."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._letters: list[Letter] = []
        self._since = time.monotonic()

    def add(self, letter: Letter) -> None:
        """Have a letter marked: with those that follow at once, or now."""
        self._letters.append(letter)
        if time.monotonic() - self._since >= _UNMARKED:
            self.close()

    def close(self) -> None:
        """Mark what is not marked yet."""
        letters, self._letters = self._letters, []
        if letters:
            _insist(lambda: _mark_sent(self._works, letters))
        self._since = time.monotonic()


def _postpone(works: Works, letter: Letter, reason: str, *, final: bool = False) -> Verdict:
    """Plan the next attempt, or give the letter up if there is none that could be of use."""
    wait = wait_after(letter.tries) * secrets.SystemRandom().uniform(_LEAST, 1)
    last = letter.tries >= works.house.settings[MailSettings].attempts
    over = works.house.clock.now() + wait >= letter.of_use_until
    final = final or last or over
    _log.warning(
        "letter %s (%s) was not delivered, attempt %d: %s; %s",
        letter.id,
        letter.kind,
        letter.attempts,
        reason,
        "given up" if final else f"again in {timedelta(seconds=round(wait.total_seconds()))}",
    )
    if final:
        give_up(works, letter)
        return "dead"
    with works.begin(ORIGIN, joined=False) as work:
        later = update(Letter).where(_untouched(letter.id, letter.attempts))
        work.db.execute(later.values(next_try_at=work.now + wait, leased_until=None))
    return "failed"


def _mark_sent(works: Works, letters: Sequence[Letter]) -> None:
    """Mark letters as sent, wipe what they said, and write that down."""
    keep = works.house.settings[MailSettings].retention
    with works.begin(ORIGIN, joined=False) as work:
        sent = {"now": work.now, "forget_at": work.now + keep}
        marked = [
            letter
            # In the order in which all processes take them: see `_lease`.
            for letter in sorted(letters, key=lambda each: each.id)
            if changed(work.db, _SENT, {"letter": letter.id, "attempt": letter.attempts, **sent})
        ]
        work.record_all(
            [LetterSent(user_id=letter.user_id, letter=letter.kind) for letter in marked]
        )


def _insist(mark: Callable[[], None]) -> None:
    """Try again what must not fail for a moment's trouble: the letters are out already."""
    for _ in range(_MARKS - 1):
        try:
            return mark()
        except Unavailable as error:
            _log.warning("letters were delivered, and marking them failed (%s)", error.code)
    return mark()


def _untouched(letter_id: UUID, attempts: int) -> ColumnElement[bool]:
    """Return what is true as long as nobody took the letter up since it was seen.

    It names the row by its primary key and by nothing that another index holds: MariaDB would
    lock the two indexes in one order here and in the other one there, and two would wait for each
    other.
    """
    unfinished = Letter.sent_at.is_(None) & Letter.dead_at.is_(None)
    return (Letter.id == letter_id) & (Letter.attempts == attempts) & unfinished
