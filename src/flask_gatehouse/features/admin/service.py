"""What the console shows."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.users import service as users


@dataclass(frozen=True)
class Overview:
    """How many of what."""

    people: int
    administrators: int
    sessions: int


def overview(work: Work, db: Session) -> Overview:
    """Count people, administrators and open sessions."""
    census = users.census(db)
    open_now = sessions.count_open(db, now=work.now)
    return Overview(census.people, census.administrators, open_now)
