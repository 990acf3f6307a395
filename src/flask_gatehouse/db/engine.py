"""Engines: how each supported database is spoken to."""

import contextlib
import sqlite3
import tempfile
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.db.patience import PATIENCE, limit
from flask_gatehouse.db.urls import DRIVERS, refuse_unusable

#: Milliseconds for which SQLite waits for another writer.
BUSY_TIMEOUT = 5000

#: Seconds for which a server may take to accept a connection before the answer is 503.
CONNECT_TIMEOUT = 5

#: Execution option of connections that only read: on SQLite they take no lock.
READS = "gatehouse_reads"


def parsed(text: str, *, setting: str) -> URL:
    """Return the URL with the driver that this project ships for.

    Raises:
        Misconfigured: it is not a database URL that can be used here.
    """
    refuse_unusable(text, setting=setting)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # What could not be read may hold a password, so neither it nor the reason is repeated.
        msg = f"{setting} is not a database URL such as postgresql://user:password@host/name."
        raise Misconfigured(msg) from None
    return url.set(drivername=DRIVERS.get(url.drivername, (url.drivername, ""))[0])


def open_engine(url: URL, *, patience: int = PATIENCE) -> Engine:
    """Return an engine for `url`; connects to nothing yet.

    Args:
        patience: seconds that a server may take for one answer.
    """
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url)
    engine = create_engine(
        url,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={"connect_timeout": CONNECT_TIMEOUT},
    )
    limit(engine, patience)
    return engine


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        # One connection's memory cannot be shared by threads and transactions; a file that goes
        # away with the process can, and keeps every promise that a real file keeps.
        folder = tempfile.TemporaryDirectory(prefix="gatehouse-", ignore_cleanup_errors=True)
        engine = create_engine(
            url.set(database=str(Path(folder.name) / "memory.db")), hide_parameters=True
        )
        _OPEN_FOLDERS.append(folder)
    else:
        engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


_OPEN_FOLDERS: list["tempfile.TemporaryDirectory[str]"] = []


def _prepare_sqlite(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Make readers and one writer work side by side, and lose nothing that was answered."""
    del entry
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
    # Only the first process can switch the journal while nobody else looks; the mode then stays.
    with contextlib.suppress(sqlite3.OperationalError):
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a reader that turns writer later cannot wait for it."""
    if not connection.get_execution_options().get(READS):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
