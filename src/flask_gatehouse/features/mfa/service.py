"""Add and use factors."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import update

from flask_gatehouse.core import tokens
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.users.models import User


@dataclass(frozen=True)
class Added:
    """A new factor."""

    factor: Factor
    first: bool
    spare_codes: tuple[str, ...]


def add(work: Work, *, user: User, method: str, name: str) -> Added:
    """Add a factor."""
    row = Factor(
        public_id=tokens.new_public_id(),
        user_id=user.id,
        method=method,
        name=name,
        created_at=work.now,
    )
    work.db.add(row)
    work.db.flush()
    return Added(row, first=False, spare_codes=())


def used(work: Work, *, factor_id: UUID) -> None:
    """Write down that it was used."""
    work.db.execute(update(Factor).where(Factor.id == factor_id).values(last_used_at=work.now))
