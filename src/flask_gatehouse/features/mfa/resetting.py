"""Take the factors of an account away because its owner lost them, after time to stop it.

Only an administrator or the command line begins it, every address of the person hears of it at
once, and nothing changes before the time is over. Source: OWASP ASVS 5.0 6.4.4.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.statements import added, changed
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.mfa import service, trusting
from flask_gatehouse.features.mfa.errors import (
    NoReset,
    NothingToReset,
    OwnReset,
    ResetWaits,
)
from flask_gatehouse.features.mfa.events import ResetAsked, ResetDone, ResetStopped
from flask_gatehouse.features.mfa.models import FactorReset
from flask_gatehouse.features.mfa.settings import MfaSettings
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User

_log = logging.getLogger("gatehouse")

_ORIGIN: Final = Origin(channel="worker")

#: Accounts in one turn, each in a transaction of its own.
_BATCH: Final = 20


@dataclass(frozen=True)
class Waiting:
    """A reset that was asked for and may still be stopped."""

    asked_at: datetime
    due_at: datetime


def ask(work: Work, *, user: User, by: User | None) -> datetime:
    """Have the factors of an account taken away after the time to stop it; return when that is.

    Args:
        by: the administrator who asks; None for the command line.

    Raises:
        OwnReset: it is their own account.
        NothingToReset: it has no factor.
        ResetWaits: that was asked before; the earlier time stays.
    """
    if by is not None and by.id == user.id:
        raise OwnReset
    account = users.hold(work, user_id=user.id)
    if not service.of(work.db, user_id=account.id):
        raise NothingToReset
    due = work.now + work.settings(MfaSettings).reset_after
    is_new = added(
        work.db,
        FactorReset,
        user_id=account.id,
        asked_at=work.now,
        due_at=due,
        asked_by=None if by is None else by.id,
    )
    if not is_new:
        raise ResetWaits
    work.record(ResetAsked(user_id=account.id))
    _write_to_all(work, account, letter="factor_reset_asked", due=f"{due:%Y-%m-%d %H:%M} UTC")
    return due


def stop(work: Work, *, user_id: UUID) -> None:
    """Leave an account its factors after all. Raises: NoReset: nothing waits, or it was done."""
    users.hold(work, user_id=user_id)
    gone = delete(FactorReset).where(FactorReset.user_id == user_id)
    if changed(work.db, gone.execution_options(synchronize_session=False)) != 1:
        raise NoReset
    work.record(ResetStopped(user_id=user_id))


def waiting(db: Session, *, user_id: UUID) -> Waiting | None:
    """Return the reset of an account that waits, if one does."""
    row = db.get(FactorReset, user_id, populate_existing=True)
    return None if row is None else Waiting(row.asked_at, row.due_at)


def carry_out(work: Work, *, user_id: UUID) -> bool:
    """Take the factors of an account away if the time has come; return whether that was done.

    It is stopped instead if whoever asked for it may not do that to the account any more.

    Its sessions go as rows and not by the epoch: somebody may be signing in at this moment.
    """
    account = users.hold(work, user_id=user_id)
    due = (FactorReset.user_id == user_id) & (FactorReset.due_at <= work.now)
    asked_by = work.db.scalar(select(FactorReset.asked_by).where(due))
    gone = delete(FactorReset).where(due).execution_options(synchronize_session=False)
    if changed(work.db, gone) != 1:
        return False
    if not roles.may_go_on(work, by=asked_by, user=account, permission="people.recover"):
        work.record(ResetStopped(user_id=user_id))
        return False
    service.remove_all(work, user=account)
    trusting.end_all(work, user_id=user_id)
    sessions.end_all_but(work, user_id=user_id, public_id=None)
    work.record(ResetDone(user_id=user_id))
    _write_to_all(work, account, letter="factor_reset_done")
    return True


class Resetting(Chore):
    """Carries out what is due."""

    every = timedelta(minutes=10)

    def __init__(self, house: House) -> None:
        """Keep nothing: what is due stands in the table."""
        del house

    def do(self, works: Works) -> bool:
        """Carry some out, each in a transaction of its own."""
        found = _due(works)
        done = [_take(works, user_id) for user_id in found]
        return all(done) and len(done) == _BATCH


def _due(works: Works) -> Sequence[UUID]:
    due = select(FactorReset.user_id).where(FactorReset.due_at <= works.house.clock.now())
    with works.reading() as db:
        return db.scalars(due.order_by(FactorReset.due_at).limit(_BATCH)).all()


def _take(works: Works, user_id: UUID) -> bool:
    try:
        with works.begin(_ORIGIN, joined=False) as work:
            return carry_out(work, user_id=user_id)
    except Refusal as refusal:
        # Erased meanwhile: no reason to stop at it.
        _log.info("the factors of %s were left alone: %s", user_id, refusal.code)
        return False


def _write_to_all(work: Work, user: User, *, letter: str, **facts: object) -> None:
    """Write to every mailbox that is known to be theirs; without any, to the primary one."""
    rows = addresses.of(work.db, user_id=user.id)
    proven = [row.shown or row.canonical for row in rows if row.proven_at is not None]
    to: list[str | None] = [*proven] if proven else [None]
    for address in to:
        notices.notify(work, user=user, letter=letter, to=address, **facts)
