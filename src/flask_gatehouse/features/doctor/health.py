"""How a site is doing at this moment: what it runs on, what waits, and what this process does."""

import os
import platform
import re
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from sqlalchemy import QueuePool, func, select, text
from sqlalchemy.orm import Session

from flask_gatehouse.db.migrations import runner
from flask_gatehouse.db.upkeep import Turn, Upkeep
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.passwords.hashes import Hashes

#: Rows that are counted at most: the page is there to show that something is wrong, not how much.
MOST: Final = 1000

#: What the site is made of, in the order in which it is told.
_PARTS: Final = ("flask-gatehouse", "Flask", "Werkzeug", "SQLAlchemy", "Flask-Login", "argon2-cffi")

#: Extras that only bring others together.
_SETS: Final = {"all", "site"}

#: What a requirement of an extra looks like in the metadata of a distribution.
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+).*extra == ['\"]([a-z0-9-]+)['\"]")


@dataclass(frozen=True)
class Part:
    """A distribution that the site is made of, and its version; None if it is not installed."""

    name: str
    version: str | None


@dataclass(frozen=True)
class Tables:
    """Where the tables stand."""

    database: str
    applied: str | None
    newest: str

    @property
    def are_current(self) -> bool:
        """Whether the newest migration is applied."""
        return self.applied == self.newest


@dataclass(frozen=True)
class Letters:
    """What waits in the outbox. Numbers end at `MOST`."""

    waiting: int
    given_up: int
    #: Since when the longest waits that is due.
    due_since: datetime | None


@dataclass(frozen=True)
class Hashing:
    """What this process does with passwords, since it was started."""

    slots: int
    waiting: int
    done: int
    turned_away: int


@dataclass(frozen=True)
class Connections:
    """Connections of this process to the database; None where each work opens its own."""

    in_use: int
    open: int
    most: int


@dataclass(frozen=True)
class Health:
    """How the site is doing."""

    at: datetime
    process: int
    parts: tuple[Part, ...]
    extras: tuple[tuple[str, tuple[Part, ...]], ...]
    tables: Tables
    letters: Letters
    hashing: Hashing
    connections: Connections | None
    upkeep: tuple[Turn, ...]
    upkeep_runs: bool


def look(works: Works) -> Health:
    """Return how the site is doing.

    Raises:
        DatabaseUnavailable: nobody can tell.
    """
    house = works.house
    with works.reading() as db:
        tables = Tables(_database(db), runner.applied(works.engine), runner.newest())
        letters = _letters(db, now=house.clock.now())
    pool = house.part(Hashes).pool
    upkeep = house.part(Upkeep)
    return Health(
        at=house.clock.now(),
        process=os.getpid(),
        parts=(Part("Python", platform.python_version()), *map(_part, _PARTS)),
        extras=_extras(),
        tables=tables,
        letters=letters,
        hashing=Hashing(pool.size, pool.waiting, pool.hashes_done, pool.turned_away),
        connections=_connections(works),
        upkeep=upkeep.turns(),
        upkeep_runs=upkeep.running,
    )


def _part(name: str) -> Part:
    try:
        return Part(name, version(name))
    except PackageNotFoundError:
        return Part(name, None)


def _extras() -> tuple[tuple[str, tuple[Part, ...]], ...]:
    """Return the extras of this distribution, and what each of them brings."""
    found: dict[str, list[Part]] = {}
    try:
        wanted = requires(_PARTS[0]) or []
    except PackageNotFoundError:
        return ()
    for each in map(_REQUIREMENT.match, wanted):
        if each is not None and each[2] not in _SETS:
            found.setdefault(each[2], []).append(_part(each[1]))
    return tuple((extra, tuple(parts)) for extra, parts in sorted(found.items()))


def _database(db: Session) -> str:
    """Return which database answers, and its version."""
    dialect = db.get_bind().dialect
    if dialect.name == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    asked = "SHOW server_version" if dialect.name == "postgresql" else "SELECT VERSION()"
    name = "PostgreSQL" if dialect.name == "postgresql" else "MariaDB or MySQL"
    return f"{name} {db.scalar(text(asked))}"


def _letters(db: Session, *, now: datetime) -> Letters:
    waits = Letter.sent_at.is_(None) & Letter.dead_at.is_(None)
    waiting = select(Letter.id).where(waits).limit(MOST).subquery()
    given_up = select(Letter.id).where(Letter.dead_at.is_not(None)).limit(MOST).subquery()
    due = select(func.min(Letter.next_try_at)).where(waits, Letter.next_try_at <= now)
    return Letters(
        waiting=db.scalar(select(func.count()).select_from(waiting)) or 0,
        given_up=db.scalar(select(func.count()).select_from(given_up)) or 0,
        due_since=db.scalar(due),
    )


def _connections(works: Works) -> Connections | None:
    pool = works.engine.pool
    if not isinstance(pool, QueuePool):
        return None
    in_use, idle = pool.checkedout(), pool.checkedin()
    return Connections(in_use, in_use + idle, pool.size() + max(pool._max_overflow, 0))  # noqa: SLF001 - nothing public says so


def is_late(letters: Letters, now: datetime) -> bool:
    """Whether letters have been due for so long that it looks as if nobody sends them."""
    return letters.due_since is not None and now - letters.due_since > timedelta(minutes=15)
