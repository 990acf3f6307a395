"""What is known of one person, for whoever may read it: no secret, and no text of a letter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flask_gatehouse.core.events import Vocabulary
from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.addresses import service as addressing
from flask_gatehouse.features.audit import reading
from flask_gatehouse.features.devices.rules import described
from flask_gatehouse.features.idle_accounts.models import IdleWarning
from flask_gatehouse.features.leaving.models import Departure
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.mfa import kinds, resetting
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.people import finding
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User

#: Entries of the record, and letters, that are shown.
_NEWEST: Final = 20


@dataclass(frozen=True)
class Factor:
    """One factor: of which kind, and since when."""

    label: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Device:
    """One session."""

    public_id: str
    described: str
    address: str | None
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True)
class Sent:
    """One letter: that there was one."""

    kind: str
    created_at: datetime
    state: str


@dataclass(frozen=True)
class Happened:
    """One entry of the record."""

    at: datetime
    name: str
    refused: bool
    address: str | None


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person."""

    user: User
    state: str
    addresses: Sequence[addressing.Listed]
    roles: Sequence[roles.Given]
    factors: Sequence[Factor]
    devices: Sequence[Device]
    happened: Sequence[Happened]
    letters: Sequence[Sent]
    reset: resetting.Waiting | None
    erase_at: datetime | None
    warned_at: datetime | None


def person(work: Work, db: Session, *, user_id: UUID, whole_record: bool) -> Person:
    """Return what is known of a person.

    Args:
        whole_record: whether all may be shown that the record has of them. Otherwise it is what
            they see themselves.

    Raises:
        UnknownUser: there is no such account.
    """
    user = users.by_id(db, user_id)
    departure = db.get(Departure, user_id)
    leaving = departure is not None and departure.epoch == user.epoch and not user.active
    warning = db.get(IdleWarning, user_id)
    labels = {kind.method: kind.label for kind in kinds.all_of(work.house)}
    return Person(
        user=user,
        state=finding.state_of(user, leaving=leaving),
        addresses=addressing.all_of(work, db, user=user),
        roles=roles.given(db, user_id=user_id, now=work.now),
        factors=[
            Factor(labels.get(each.method, each.method), each.created_at, each.last_used_at)
            for each in mfa.of(db, user_id=user_id)
        ],
        devices=[
            Device(
                each.public_id,
                each.device_name or described(each.agent),
                each.address,
                each.created_at,
                each.last_seen_at,
            )
            for each in sessions.open_rows_of(db, user=user, now=work.now)
        ],
        happened=_happened(work.house, db, user_id, whole=whole_record),
        letters=_letters(db, user_id),
        reset=resetting.waiting(db, user_id=user_id),
        erase_at=departure.erase_at if departure is not None and leaving else None,
        warned_at=warning.at if warning is not None else None,
    )


def _happened(house: House, db: Session, user_id: UUID, *, whole: bool) -> list[Happened]:
    words = house.part(Vocabulary)
    among = None if whole else frozenset(words.sentences())
    hidden = words.of_whoever_runs_the_site()
    rows = reading.newest(db, reading.Wanted(user_id=user_id, among=among), limit=_NEWEST)
    return [
        Happened(
            row.at,
            row.name,
            row.outcome == "refused",
            # From where it was done is theirs to know only if they did it.
            row.address
            if whole or not (row.name in hidden or reading.done_by_another(row))
            else None,
        )
        for row in rows
    ]


def _letters(db: Session, user_id: UUID) -> list[Sent]:
    columns = (Letter.kind, Letter.created_at, Letter.sent_at, Letter.dead_at)
    asked = select(*columns).where(Letter.user_id == user_id)
    newest = asked.order_by(Letter.created_at.desc(), Letter.id.desc()).limit(_NEWEST)
    return [Sent(row.kind, row.created_at, _fate(row)) for row in db.execute(newest)]


def _fate(row: Any) -> str:  # noqa: ANN401 - a row of SQLAlchemy
    if row.sent_at is not None:
        return "Sent"
    return "Given up" if row.dead_at is not None else "Waiting"
