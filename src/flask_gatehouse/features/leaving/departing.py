"""Close an account for its owner, open it again, or erase it when its time has come."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flask_gatehouse.core.errors import Refusal, Unavailable
from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.leaving.events import DepartureAsked, DepartureUndone
from flask_gatehouse.features.leaving.models import Departure
from flask_gatehouse.features.leaving.settings import LeavingSettings
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.errors import ProofSpent
from flask_gatehouse.features.proofs.rules import Purpose
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import AddressRefused, NotAsItWas, UnknownUser
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rules import canonical_address

_log = logging.getLogger("gatehouse")

UNDO: Final = Purpose("leaving.undo", outlives_changes=True)

_ORIGIN: Final = Origin(channel="worker")

#: Accounts that are erased in one turn, each in a transaction of its own.
_BATCH: Final = 20

#: When to try again what could not be erased.
_LATER: Final = timedelta(days=1)


@dataclass(frozen=True)
class Leaver:
    """Somebody who is leaving: since when, and when the account is erased."""

    user_id: UUID
    username: str
    asked_at: datetime
    erase_at: datetime


def ask(work: Work, *, user: User, link: Callable[[str], str]) -> datetime:
    """Close an account and return when it is erased; a letter holds the way back.

    Args:
        user: as the session found it: what changed since then refuses.
        link: makes an address of the secret in the letter.

    Raises:
        LastAdministrator: nobody else could administer the site.
        NotAsItWas: the account was suspended or its password changed meanwhile.
    """
    users.close(work, user_id=user.id, epoch=user.epoch)
    sessions.end_all(work, user_id=user.id)
    epoch, _ = users.state(work.db, user_id=user.id)
    erase_at = work.now + work.settings(LeavingSettings).grace
    _drop(work, user.id)
    departure = Departure(user_id=user.id, epoch=epoch, asked_at=work.now, erase_at=erase_at)
    work.db.add(departure)
    work.db.flush()
    work.record(DepartureAsked(user_id=user.id))
    _write_to(work, user.id, link)
    return erase_at


def look_at_undo(work: Work, *, secret: str) -> None:
    """Return if the way back is open. Raises: Throttled, ProofSpent."""
    proofs.look(work, purpose=UNDO, secret=secret)


def undo(work: Work, *, secret: str) -> None:
    """Open an account again, if it is as its owner left it. Does not sign in.

    Raises:
        Throttled: too many links were tried from this network.
        ProofSpent: used, expired, erased, or an administrator has changed the account since.
    """
    found = proofs.spend(work, purpose=UNDO, secret=secret)
    departure = work.db.get(Departure, found.user_id) if found.user_id else None
    if departure is None:
        raise ProofSpent
    try:
        users.take_closed(work, user_id=departure.user_id, epoch=departure.epoch, active=True)
    except NotAsItWas as error:
        raise ProofSpent from error
    user_id = departure.user_id
    _drop(work, user_id)
    work.record(DepartureUndone(user_id=user_id))


def departures(db: Session) -> Sequence[Leaver]:
    """Return who is leaving, whoever goes first first. Nobody who was opened again or suspended."""
    as_left = (Departure.user_id == User.id) & (Departure.epoch == User.epoch) & ~User.active
    columns = (User.id, User.username, Departure.asked_at, Departure.erase_at)
    found = select(*columns).join(Departure, as_left).order_by(Departure.erase_at, User.id)
    return [Leaver(*row) for row in db.execute(found)]


class Erasing(Chore):
    """Erases accounts whose grace period is over."""

    every = timedelta(hours=1)

    def __init__(self, house: House) -> None:
        """Keep nothing: what is due stands in the table."""
        del house

    def do(self, works: Works) -> bool:
        """Erase some, each in a transaction of its own."""
        due = select(Departure.user_id, Departure.epoch)
        due = due.where(Departure.erase_at <= works.house.clock.now())
        with works.reading() as db:
            found = db.execute(due.order_by(Departure.erase_at).limit(_BATCH)).all()
        for row in found:
            _erase(works, row.user_id, row.epoch)
        return len(found) == _BATCH


def _erase(works: Works, user_id: UUID, epoch: int) -> None:
    try:
        with works.begin(_ORIGIN, joined=False) as work:
            users.erase(work, user_id=user_id, closed_at=epoch)
    except UnknownUser:
        return  # Another process was first.
    except NotAsItWas:
        # Opened again, or in the hands of an administrator: nobody is leaving any more.
        with works.begin(_ORIGIN, joined=False) as work:
            gone = delete(Departure).where(Departure.user_id == user_id, Departure.epoch == epoch)
            work.db.execute(gone)
    except (Refusal, IntegrityError) as error:
        _log.warning("account %s could not be erased: %s", user_id, type(error).__name__)
        _put_off(works, user_id)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - whatever a host may raise
        # What a host does to erase its own broke: it must not hold up everybody behind.
        _log.exception("account %s could not be erased", user_id)
        _put_off(works, user_id)


def _put_off(works: Works, user_id: UUID) -> None:
    with works.begin(_ORIGIN, joined=False) as work:
        later = update(Departure).where(Departure.user_id == user_id)
        work.db.execute(later.values(erase_at=work.now + _LATER))


def _drop(work: Work, user_id: UUID) -> None:
    gone = delete(Departure).where(Departure.user_id == user_id)
    work.db.execute(gone.execution_options(synchronize_session="fetch"))


def _write_to(work: Work, user_id: UUID, link: Callable[[str], str]) -> None:
    account = users.by_id(work.db, user_id)
    try:
        address = canonical_address(account.email or "")
    except AddressRefused:
        # None, or what a host wrote there: whoever wants to go may go without a letter.
        return
    grace = work.settings(LeavingSettings).grace
    made = proofs.make(
        work,
        purpose=UNDO,
        user=account,
        address=address,
        lifetime=grace,
    )
    facts = {"link": link(str(made.secret)), "until": f"{work.now + grace:%Y-%m-%d %H:%M} UTC"}
    notices.notify(work, user=account, letter="leaving_asked", **facts)
