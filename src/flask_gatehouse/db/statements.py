"""Check and spend in one statement: the number of rows is the verdict."""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Insert, Table, Update, insert
from sqlalchemy.orm import Session

from flask_gatehouse.db.base import MYSQL, Base


def changed(
    db: Session, statement: Update | Delete, given: Mapping[str, object] | None = None
) -> int:
    """Execute a conditional UPDATE or DELETE and return how many rows met the condition.

    Args:
        given: what fills in a statement that was written once, to be executed often.
    """
    result = cast("CursorResult[Any]", db.execute(statement, given))
    return result.rowcount


def added(db: Session, table: type[Base], **values: object) -> bool:
    """Insert a row unless one with its key is there, and return whether there was none.

    Of two that insert the same one at once the database lets one be the first.
    """
    statement = _insert_or_leave(db.get_bind().dialect.name, _plain(table))
    # Of an insert SQLAlchemy forgets how many rows there were, unless it is asked to remember.
    result = db.execute(statement, values, execution_options={"preserve_rowcount": True})
    return cast("CursorResult[Any]", result).rowcount == 1


def write(db: Session, row: Base) -> None:
    """Insert a new row at once, past the session: nothing else is flushed, nothing is kept."""
    table = _plain(type(row))
    said = {name: value for name, value in vars(row).items() if name in table.columns}
    db.execute(_insert(table), said)


def _plain(table: type[Base]) -> Table:
    return cast("Table", table.__table__)


@cache
def _insert(table: Table) -> Insert:
    """Return the statement, made once, so that SQLAlchemy knows it again."""
    return insert(table)


@cache
def _insert_or_leave(dialect: str, table: Table) -> Insert:
    """Return the statement, made once; a dialect is imported where it is spoken."""
    if dialect in MYSQL:
        from sqlalchemy.dialects import mysql  # noqa: PLC0415 - only where it is spoken

        return mysql.insert(table).prefix_with("IGNORE")
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - only where it is spoken

        return postgresql.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - only where it is spoken

    return sqlite.insert(table).on_conflict_do_nothing()
