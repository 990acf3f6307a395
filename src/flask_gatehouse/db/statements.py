"""Check and spend in one statement: the number of rows is the verdict."""

from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Update
from sqlalchemy.orm import Session


def changed(db: Session, statement: Update | Delete) -> int:
    """Execute a conditional UPDATE or DELETE and return how many rows met the condition."""
    result = cast("CursorResult[Any]", db.execute(statement))
    return result.rowcount
