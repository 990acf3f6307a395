"""Sign-ins that are half done: what a browser holds between the first proof and the second step.

A pending sign-in opens no page but those of the second step. It ends by being completed, by signing
out, by the next sign-in in this browser, after some minutes, or after some wrong steps.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.core.settings import Secret
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import limits, marks
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.login.errors import PendingOver
from flask_gatehouse.features.login.models import PendingSignIn
from flask_gatehouse.features.login.settings import LoginSettings
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.throttling.rules import Limit
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import UnknownUser
from flask_gatehouse.features.users.models import User

#: Purpose of the key under which they are stored.
PURPOSE: Final = "login.pending"

#: What may be owed: a factor that the account has, or that it gets one.
FACTOR: Final = "factor"
ENROLMENT: Final = "enrolment"


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A sign-in that is half done, as it was when it was looked at."""

    digest: bytes
    public_id: str
    user_id: UUID
    epoch: int
    methods: tuple[str, ...]
    owes: str
    wish: Wish
    #: Second steps that were tried.
    tries: int
    #: False if the first proof was not asked for just now.
    fresh: bool


def begin(work: Work, *, attempt: Attempt, wish: Wish, owes: str = FACTOR) -> Secret:
    """Keep what was proven until the rest is; return what the browser is given for it.

    Raises:
        UnknownUser: it was proven of somebody of whom only the host knows.
    """
    if attempt.user_id is None:
        raise UnknownUser
    secret = tokens.new_secret()
    account = users.hold(work, user_id=attempt.user_id)
    work.db.add(
        PendingSignIn(
            digest=tokens.digest(secret, work.house.keys.newest(PURPOSE).value),
            public_id=tokens.new_public_id(),
            user_id=attempt.user_id,
            epoch=account.epoch if attempt.epoch is None else attempt.epoch,
            methods=" ".join(attempt.methods),
            owes=owes,
            confirms=wish.confirms,
            fresh=attempt.fresh,
            wish=wish.written(),
            created_at=work.now,
            expires_at=work.now + work.settings(LoginSettings).pending_lifetime,
        )
    )
    work.db.flush()
    return Secret(secret)


def find(work: Work, db: Session, *, value: str) -> Pending | None:
    """Return what a browser holds, if it is still good."""
    if not tokens.well_formed(value):
        return None
    found = db.scalars(select(PendingSignIn).where(_bears(work, value), _good(work))).one_or_none()
    if found is None:
        return None
    return Pending(
        digest=found.digest,
        public_id=found.public_id,
        user_id=found.user_id,
        epoch=found.epoch,
        methods=tuple(found.methods.split()),
        owes=found.owes,
        wish=Wish.read(found.wish, confirms=found.confirms),
        tries=found.tries,
        fresh=found.fresh,
    )


def count(work: Work, *, pending: Pending, device: str | None) -> int:
    """Count a try before anything is verified; return which one of this sign-in it is.

    By the account as well, over all pending sign-ins: whoever knows a password could begin again
    and again. A browser that the owner is known by is counted by itself.

    Raises:
        PendingOver: there were too many, or it is over.
        Throttled: too many tries on this account.
    """
    throttling.count(
        work, attempts=[_limit(work, pending, device), _in_a_row(work, pending, device)]
    )
    mine = PendingSignIn.digest == pending.digest
    most = work.settings(LoginSettings).pending_tries
    one_more = update(PendingSignIn).where(mine, PendingSignIn.tries < most, _good(work))
    with work.apart() as own:
        counted = changed(
            own.db,
            one_more.values(tries=PendingSignIn.tries + 1).execution_options(
                synchronize_session=False
            ),
        )
    if counted != 1:
        raise PendingOver
    return pending.tries + 1


def spend(work: Work, *, pending: Pending, device: str | None) -> None:
    """Use a pending sign-in up: of two requests at once one gets it.

    Raises:
        PendingOver: it was used, or is over.
    """
    # The account before what hangs on it, as whoever changes it does.
    users.hold(work, user_id=pending.user_id)
    gone = delete(PendingSignIn).where(PendingSignIn.digest == pending.digest, _good(work))
    if changed(work.db, gone.execution_options(synchronize_session=False)) != 1:
        raise PendingOver
    limit, what = _limit(work, pending, device)
    throttling.take_back(work, limit=limit, what=what)
    # The owner was here, so what strangers failed at before is no row of failures any more.
    for where in dict.fromkeys((device, None)):
        failures, what = _in_a_row(work, pending, where)
        throttling.forgive(work, limit=failures, what=what)


def forget(work: Work, *, value: str) -> None:
    """Let what a browser holds be over."""
    if tokens.well_formed(value):
        gone = delete(PendingSignIn).where(_bears(work, value))
        work.db.execute(gone.execution_options(synchronize_session=False))


def _limit(work: Work, pending: Pending, device: str | None) -> tuple[Limit, str]:
    settings = work.settings(LoginSettings)
    known = _known_as(work, pending, device)
    if known is not None:
        return limits.STEPS_IN_DEVICE.under(settings), known
    return limits.STEPS.under(settings), pending.user_id.hex


def _in_a_row(work: Work, pending: Pending, device: str | None) -> tuple[Limit, str]:
    """Return what ends guessing that is slow enough for the other limit.

    A new password begins anew: whoever guessed does not come as far as the gate any more.
    """
    what = _known_as(work, pending, device) or f"{pending.user_id.hex} {pending.epoch}"
    return limits.FAILURES.under(work.settings(LoginSettings)), what


def _known_as(work: Work, pending: Pending, device: str | None) -> str | None:
    for mark in marks.read(work.house, device):
        if mark.user_id == pending.user_id and mark.epoch == pending.epoch:
            return mark.counted_as
    return None


def _bears(work: Work, value: str) -> ColumnElement[bool]:
    return PendingSignIn.digest.in_(list(work.house.keys.digests(PURPOSE, value)))


def _good(work: Work) -> ColumnElement[bool]:
    """Whether it is not over, and the account is as it was."""
    as_it_was = (User.id == PendingSignIn.user_id) & (User.epoch == PendingSignIn.epoch)
    alive = select(User.id).where(as_it_was, User.active).exists()
    return (PendingSignIn.expires_at > work.now) & alive
