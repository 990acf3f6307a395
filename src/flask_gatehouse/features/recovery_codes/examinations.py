"""What `doctor` asks about recovery codes."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.settings import key_of
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.recovery_codes.models import RecoveryCode
from flask_gatehouse.features.recovery_codes.service import PURPOSE

_FALLBACKS: Final = key_of("", "secret_key_fallbacks")


def keys(works: Works) -> Iterator[Finding]:
    """Whether each code can still be recognised, and by which key."""
    newest, *former = (key.id for key in works.house.keys.keys(PURPOSE))
    with works.reading() as db:
        gone = _sets(db, RecoveryCode.key_id.not_in([newest, *former]))
        waiting = _sets(db, RecoveryCode.key_id.in_(former))
    if gone:
        yield Finding(
            "unsafe",
            f"{gone:,} set(s) of recovery codes were made with a key that is not in force.",
            "Their owners have them on paper and think that they work.",
            f"Name the former secret key in {_FALLBACKS}",
        )
    if waiting:
        yield Finding(
            "note",
            f"{waiting:,} set(s) of recovery codes were made with a former key.",
            "Without it they open nothing, and cannot be made good again.",
            f"Leave the former key in {_FALLBACKS} until their owners made new ones",
        )


def _sets(db: Session, made: ColumnElement[bool]) -> int:
    counted = select(func.count(func.distinct(RecoveryCode.factor_id))).where(made)
    return db.scalar(counted) or 0
