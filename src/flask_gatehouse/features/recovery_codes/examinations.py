"""What `doctor` asks about recovery codes."""

from collections.abc import Iterator

from sqlalchemy import func, select

from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.settings import key_of
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.recovery_codes.models import RecoveryCode
from flask_gatehouse.features.recovery_codes.service import PURPOSE


def keys(works: Works) -> Iterator[Finding]:
    """Whether each code can still be recognised."""
    in_force = [key.id for key in works.house.keys.keys(PURPOSE)]
    lost = RecoveryCode.key_id.not_in(in_force)
    with works.reading() as db:
        gone = db.scalar(select(func.count(func.distinct(RecoveryCode.factor_id))).where(lost))
    if gone:
        yield Finding(
            "unsafe",
            f"{gone:,} set(s) of recovery codes were made with a key that is not in force.",
            "Their owners have them on paper and think that they work.",
            f"Name the former secret key in {key_of('', 'secret_key_fallbacks')}",
        )
