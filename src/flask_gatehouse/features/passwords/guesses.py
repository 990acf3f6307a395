"""Wrong passwords of one account in a row, counted before each is looked at, up to a hard stop.

The stop disables the password and not the person: sessions stay, and any other way in works. The
last fifth of what may fail is kept for browsers in which the owner signed in before, so that
strangers can use up only their part of it.

Standards: NIST SP 800-63B-4 3.2.2.
"""

from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

from sqlalchemy import Connection, Table, bindparam, literal, select, update

from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.passwords.events import PasswordStopped
from flask_gatehouse.features.passwords.models import Password
from flask_gatehouse.features.passwords.settings import PasswordSettings
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.users.models import User

#: Of so many failures one is kept for known browsers.
_KEPT: Final = 5

#: The owner hears, at the right password, of so many wrong ones before it.
_WORTH_A_LETTER: Final = 10

#: Stands for the account that a name does not have: the same statement is made for it.
_NOBODY: Final = UUID(int=0)


_passwords: Final = cast("Table", Password.__table__)
_MINE: Final = _passwords.c.user_id == bindparam("whose")
_COUNT: Final = (
    update(_passwords)
    .where(_MINE, _passwords.c.failures < bindparam("most"))
    .values(failures=_passwords.c.failures + 1)
)
_COUNT_AND_TELL: Final = _COUNT.returning(_passwords.c.failures)
_COUNTED: Final = select(_passwords.c.failures).where(_MINE)
_NONE: Final = update(_passwords).where(_MINE).values(failures=0)


@dataclass(frozen=True)
class Guess:
    """One attempt that was counted.

    Args:
        allowed: whether the password may be looked at; if not, nothing was counted.
        number: which failure in a row it will be, if it fails.
    """

    allowed: bool
    number: int


def spend(work: Work, *, user_id: UUID | None, known: bool) -> Guess:
    """Count one attempt as a failure, until it turns out to be none. It stays counted.

    Args:
        user_id: None if nobody has the name, which costs the same.
        known: whether the attempt comes from a browser of the owner.
    """
    with work.apart() as own:
        return spend_here(own, user_id=user_id, known=known)


def spend_here(own: Work, *, user_id: UUID | None, known: bool) -> Guess:
    """Do as `spend` does, in a work that is committed before anything is verified."""
    most = _total(own) if known else _of_strangers(own)
    db = own.db.connection(bind_arguments={"mapper": Password})
    number = _count_one(db, user_id or _NOBODY, most)
    if number is None:
        throttling.write_as_if(own)
    return Guess(number is not None, number or 0)


def take_back(work: Work, *, user_id: UUID | None) -> None:
    """Count one less: nobody looked at the password after all.

    Args:
        user_id: None if nothing was counted, which costs the same.
    """
    counted = (Password.user_id == (user_id or _NOBODY)) & (Password.failures > 0)
    less = update(Password).where(counted).values(failures=Password.failures - 1)
    with work.apart() as own:
        if changed(own.db, less.execution_options(synchronize_session=False)) != 1:
            throttling.write_as_if(own)


def failed(work: Work, *, user: User, guess: Guess) -> None:
    """Tell the record and the owner if this failure was the last one, of strangers or of all."""
    stops = {_of_strangers(work), _total(work)}
    if not guess.allowed or guess.number not in stops:
        return
    everywhere = guess.number == _total(work)
    work.record(PasswordStopped(user_id=user.id, failures=guess.number, everywhere=everywhere))
    notices.notify(
        work,
        user=user,
        letter="password_stopped",
        failures=guess.number,
        everywhere=everywhere,
    )


def succeeded(work: Work, *, user: User, guess: Guess) -> None:
    """Begin to count anew, and tell the owner of many failures before."""
    work.db.execute(_NONE, {"whose": user.id})
    if guess.number > _WORTH_A_LETTER:
        notices.notify(work, user=user, letter="after_failures", failures=guess.number - 1)


def begin_anew(row: Password) -> None:
    """Lift a stop, because the password is a new one, with the next flush of the row's session."""
    # In SQL: the object in hand may remember a count that is no longer true.
    row.failures = literal(0)


def _count_one(db: Connection, user_id: UUID, most: int) -> int | None:
    """Count one more and return how many it makes; None if nothing more may be counted."""
    mine = {"whose": user_id, "most": most}
    if db.dialect.update_returning:
        told: int | None = db.scalar(_COUNT_AND_TELL, mine)
        return told
    counted = db.execute(_COUNT, mine).rowcount == 1
    # Asked for nobody as well: a statement less would show in the time.
    number = db.scalar(_COUNTED, mine)
    return number if counted else None


def _total(work: Work) -> int:
    return work.settings(PasswordSettings).failures


def _of_strangers(work: Work) -> int:
    return _total(work) - _total(work) // _KEPT
