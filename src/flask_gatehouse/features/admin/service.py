"""What the console shows."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.statistics import service as statistics
from flask_gatehouse.features.users.models import User

#: So many are counted while somebody waits; of more it is said how many there lately were.
COUNTED: Final = 10_000


@dataclass(frozen=True)
class Amount:
    """How many there are."""

    number: int
    #: Whether it is not exact: counted within the last hour, or at least so many.
    about: bool = False


@dataclass(frozen=True)
class Overview:
    """How many of what."""

    people: Amount
    administrators: Amount
    sessions: Amount


def overview(work: Work, db: Session) -> Overview:
    """Count people, administrators and open sessions, and of none of them more than a bound."""
    lately = statistics.gauges(db)
    people = _amount(db, select(User.id), lately.get("people"))
    # Administrators are few among many, and looking for them reads all.
    administrators = (
        Amount(lately["administrators"], about=True)
        if people.about and "administrators" in lately
        else _amount(db, select(User.id).where(User.is_admin, User.active), None)
    )
    open_now = _amount(db, sessions.that_are_open(now=work.now), lately.get("sessions"))
    return Overview(people, administrators, open_now)


def _amount(db: Session, rows: Select[Any], lately: int | None) -> Amount:
    some = rows.limit(COUNTED + 1).subquery()
    number = db.scalar(select(func.count()).select_from(some)) or 0
    if number <= COUNTED:
        return Amount(number)
    return Amount(max(lately or 0, COUNTED), about=True)
