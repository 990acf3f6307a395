"""Copies of a SQLite database that is in use.

A plain copy of the file misses what is in its write-ahead log, or catches half of a change. The
backup of SQLite itself copies page by page, and begins again where somebody wrote meanwhile.
"""

import os
import sqlite3
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from flask_gatehouse.core.clock import Clock
from flask_gatehouse.db.migrations.scope import VERSION_TABLE


class NothingToCopy(Exception):  # noqa: N818 - a statement, like the refusals
    """There is no database of ours; the message says what is there instead."""


def file_of(engine: Engine) -> Path | None:
    """Return the file of a SQLite database; None for a server."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return None
    return Path(engine.url.database)


def make(source: Path, target: Path, *, clock: Clock) -> None:
    """Write a whole copy, readable by its owner only; what stands there is replaced at the end.

    Raises:
        OSError: the copy cannot be written there.
        sqlite3.Error: the database cannot be read.
        NothingToCopy: it is not there, or has no tables of ours.
    """
    if not source.is_file():
        msg = f"there is no {source}"
        raise NothingToCopy(msg)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    os.close(descriptor)
    unfinished = Path(name)
    try:
        with closing(_opened(source)) as read, closing(sqlite3.connect(unfinished)) as copy:
            read.backup(copy)
            _refuse_a_copy_of_nothing(copy, source)
        with unfinished.open("rb+") as written:
            os.fsync(written.fileno())
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _note(source, clock.now())


def last(source: Path) -> datetime | None:
    """Return when the last copy was made; None if never, or if the note of it cannot be read."""
    try:
        return datetime.fromisoformat(_note_of(source).read_text().strip())
    except (OSError, ValueError):
        return None


def _opened(source: Path) -> sqlite3.Connection:
    """Open what is there. By its bare name SQLite would make an empty one in its place."""
    return sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True)


def _refuse_a_copy_of_nothing(copy: sqlite3.Connection, source: Path) -> None:
    named = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    if copy.execute(named, (VERSION_TABLE,)).fetchone() is None:
        msg = f"{source} has no tables of ours"
        raise NothingToCopy(msg)


def _note(source: Path, at: datetime) -> None:
    path = _note_of(source)
    path.touch(mode=0o600)
    path.write_text(f"{at.isoformat(timespec='seconds')}\n")


def _note_of(source: Path) -> Path:
    """Return where it is noted when the last copy was made, beside the database."""
    return source.with_name(f"{source.name}.last-backup")
