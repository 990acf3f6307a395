"""Sees every statement at the driver, where it passes whether it came through SQLAlchemy or not."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pymysql
from pymysql.cursors import Cursor as MariaCursor
from sqlalchemy import Engine, event

#: Called with each statement before it is sent; what it raises, the driver raises.
Before = Callable[[str], None]


def _on_sqlite(before: Before) -> dict[str, Any]:
    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:  # type: ignore[override]
            before(sql)
            return super().execute(sql, *args)

    class Connection(sqlite3.Connection):
        def cursor(self, *_: Any) -> sqlite3.Cursor:  # type: ignore[override]
            return super().cursor(Cursor)

    return {"factory": Connection}


def _on_postgres(before: Before) -> dict[str, Any]:
    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *args: Any, **options: Any) -> Any:
            before(str(query))
            return super().execute(query, *args, **options)

    return {"cursor_factory": Cursor}


def _on_mariadb(before: Before) -> dict[str, Any]:
    class Cursor(MariaCursor):  # type: ignore[misc] # PyMySQL has no types
        def execute(self, query: Any, args: Any = None) -> Any:
            before(str(query))
            return super().execute(query, args)

    return {"cursorclass": Cursor}


_WAYS = {
    "sqlite": _on_sqlite,
    "postgresql": _on_postgres,
    "mysql": _on_mariadb,
    "mariadb": _on_mariadb,
}


def gone(engine: Engine) -> Exception:
    """Return what the driver raises when the other end is not there any more."""
    match engine.dialect.name:
        case "sqlite":
            return sqlite3.OperationalError("disk I/O error")
        case "postgresql":
            return psycopg.OperationalError("server closed the connection unexpectedly")
        case _:
            error: Exception = pymysql.OperationalError(2006, "MySQL server has gone away")
            return error


@contextmanager
def tapped(engine: Engine, before: Before) -> Iterator[None]:
    """Call `before` with every statement that the database is sent meanwhile."""
    options = _WAYS[engine.dialect.name](before)

    def connect(_d: object, _r: object, _a: object, parameters: dict[str, Any]) -> None:
        parameters.update(options)

    def connected(connection: Any, _: object) -> None:
        # Ours to PostgreSQL are made by the engine itself, and can be told afterwards.
        if "cursor_factory" in options:
            connection.cursor_factory = options["cursor_factory"]

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", connected)
    # Connections of before are not seen, and those of now shall not stay.
    engine.dispose()
    try:
        yield
    finally:
        event.remove(engine, "do_connect", connect)
        event.remove(engine, "connect", connected)
        engine.dispose()
