"""Examinations of the database: its tables, its clock, what piles up in it, its backup."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from flask_gatehouse.cli.application import program
from flask_gatehouse.core.findings import Finding
from flask_gatehouse.db import backups
from flask_gatehouse.db.base import Base
from flask_gatehouse.db.migrations import runner
from flask_gatehouse.db.work import Works

#: How far two clocks may be apart before it is worth a word, and before it is unsafe.
_APART: Final = timedelta(seconds=2)
_FAR_APART: Final = timedelta(seconds=30)

#: The age of a backup after which it is worth a word.
_OLD_BACKUP: Final = timedelta(days=7)

#: Rows of one table that may be over for a day before it is worth a word.
_MANY: Final = 10_000

#: Columns that say when a row is over, by all their names.
_ENDS: Final = ("expires_at", "until")

#: What each server calls its time, in UTC and with fractions.
_CLOCKS: Final = {
    "postgresql": "SELECT clock_timestamp() AT TIME ZONE 'UTC'",
    "mysql": "SELECT UTC_TIMESTAMP(6)",
    "mariadb": "SELECT UTC_TIMESTAMP(6)",
}


def tables(works: Works) -> Iterator[Finding]:
    """Whether the database answers, and its tables are those of this release."""
    try:
        state = runner.check(works.engine)
    except SQLAlchemyError as error:
        yield Finding(
            "unsafe",
            f"The database does not answer ({type(error).__name__}).",
            "Nobody can sign in; every page that asks who is there answers 503.",
            "GATEHOUSE_DATABASE_URL, or start the database",
        )
        return
    if not state.good:
        yield Finding(
            "unsafe",
            f"The tables are at {state.current or 'nothing'}, this release expects {state.newest}.",
            "Pages will fail where tables or columns are missing.",
            f"{program()} db upgrade",
        )


def clock(works: Works) -> Iterator[Finding]:
    """Whether this machine and the database server agree on the time."""
    question = _CLOCKS.get(works.engine.dialect.name)
    if question is None:
        return
    with works.reading() as db:
        before = works.house.clock.now()
        theirs: datetime = db.scalar(text(question))
        after = works.house.clock.now()
    told = theirs.replace(tzinfo=UTC)
    # The answer was given at some moment between the two looks at our clock.
    apart = max(before - told, told - after, timedelta())
    if apart > _APART:
        yield Finding(
            "unsafe" if apart > _FAR_APART else "note",
            f"The clocks of this machine and of the database are "
            f"{apart.total_seconds():.0f} s apart.",
            "Machines that disagree end sessions and links early or late, and records lie.",
            "Keep both by NTP: timedatectl set-ntp true",
        )


def rows_that_are_over(works: Works) -> Iterator[Finding]:
    """Whether rows that are over are swept away."""
    ended = works.house.clock.now() - timedelta(days=1)
    for table in Base.metadata.sorted_tables:
        end = next((table.c[name] for name in _ENDS if name in table.c), None)
        if end is None:
            continue
        over = select(end).where(end < ended).limit(_MANY + 1)
        with works.reading() as db:
            count = db.scalar(select(func.count()).select_from(over.subquery())) or 0
        if count > _MANY:
            yield Finding(
                "note",
                f"More than {_MANY:,} rows of {table.name} have been over for a day.",
                "They cost space and time, and hold what need not be kept.",
                "Delete them in small portions, and look why the running site does not",
            )


def backup(works: Works) -> Iterator[Finding]:
    """Whether there is a recent copy of a SQLite database; servers have backups of their own."""
    file = backups.file_of(works.engine)
    if file is None:
        return
    last = backups.last(file)
    if last is not None and works.house.clock.now() - last <= _OLD_BACKUP:
        return
    yield Finding(
        "note",
        f"{program()} has never made a backup of {file}."
        if last is None
        else f"The last backup of {file} is of {last:%Y-%m-%d}.",
        "A plain copy of the file is no backup: what was committed last is in another one.",
        f"{program()} db backup FILE, every day, to another disk",
    )
