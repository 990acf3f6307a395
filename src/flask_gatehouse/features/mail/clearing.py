"""Wipe what letters said when it is of no use any more, and forget letters that are over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Delete, Update, delete, or_, select, update

from flask_gatehouse.core.house import House
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.mail.outbox import ORIGIN, give_up
from flask_gatehouse.features.mail.settings import MailSettings

#: Letters that one round looks at.
_ROUND: Final = 50


class Clearing(Chore):
    """Clears in each process that serves, so that no secret stays where nobody sends letters."""

    every = timedelta(minutes=10)

    def __init__(self, house: House) -> None:
        """Keep nothing: what is due stands in the table."""
        del house

    def do(self, works: Works) -> bool:
        """Clear some; return whether there may be more."""
        return clear(works)


def clear(works: Works) -> bool:
    """Do what is due, and return whether there may be more; asks before it locks anything."""
    found = _give_up(works) + _wipe(works) + _forget(works)
    return found >= _ROUND


def _give_up(works: Works) -> int:
    """Give up letters that wait and have become useless, whether or not anybody sends letters."""
    now = works.house.clock.now()
    waits = Letter.sent_at.is_(None) & Letter.dead_at.is_(None) & (Letter.good_until <= now)
    free = or_(Letter.leased_until.is_(None), Letter.leased_until <= now)
    useless = select(Letter).where(Letter.next_try_at <= now, waits, free)
    with works.reading() as db:
        letters = db.scalars(useless.limit(_ROUND)).all()
    for letter in letters:
        give_up(works, letter)
    return len(letters)


def _wipe(works: Works) -> int:
    """Wipe letters that were given up while they were of use, and are not any more."""
    keep = works.house.settings[MailSettings].retention
    return _each(
        works,
        Letter.dead_at.is_not(None) & (Letter.text != ""),
        lambda over, now: (
            update(Letter).where(over).values(text="", html=None, next_try_at=now + keep)
        ),
    )


def _forget(works: Works) -> int:
    """Delete letters that were sent or given up long ago."""
    done = or_(Letter.sent_at.is_not(None), Letter.dead_at.is_not(None))
    return _each(works, done & (Letter.text == ""), lambda over, _: delete(Letter).where(over))


def _each(
    works: Works,
    which: ColumnElement[bool],
    what: Callable[[ColumnElement[bool], datetime], Update | Delete],
) -> int:
    """Do something with letters whose time has come and that are still such."""
    due = which & (Letter.next_try_at <= works.house.clock.now())
    with works.reading() as db:
        found = db.scalars(select(Letter.id).where(due).order_by(Letter.id).limit(_ROUND)).all()
    if found:
        with works.begin(ORIGIN, joined=False) as work:
            for letter_id in found:
                work.db.execute(what((Letter.id == letter_id) & which, work.now))
    return len(found)
