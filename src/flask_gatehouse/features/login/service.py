"""The one door: a proven attempt goes in, an open session comes out."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from flask_gatehouse.db.statements import added
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import marks, notices
from flask_gatehouse.features.login.errors import Held, MayNotEnter
from flask_gatehouse.features.login.events import (
    LoggedIn,
    LoggedOut,
    LoginConfirmed,
    LoginHeld,
)
from flask_gatehouse.features.login.models import FirstSignIn
from flask_gatehouse.features.sessions import opening
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.sessions.finding import Standing
from flask_gatehouse.features.sessions.rules import Handle
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import UnknownUser
from flask_gatehouse.features.users.models import User


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Somebody proved who they are, by these methods. It has no rights yet.

    Exactly one of `user_id` (an account of ours) and `subject` (a person of whom only the host
    knows) is set.
    """

    user_id: UUID | None = None
    subject: str | None = None
    methods: tuple[str, ...]
    #: The account's epoch when it was proven: what raised it meanwhile voids the proof. None takes
    #: the account as it is now.
    epoch: int | None = None
    #: False if the person was not asked just now.
    fresh: bool = True


class LoginStep(ABC):
    """Something that may hold the door after a first proof, such as a second factor."""

    @abstractmethod
    def hold(self, work: Work, attempt: Attempt) -> None:
        """Return if the attempt may pass. Raises: Held: not yet. Refusal: it may not."""


def admit(
    work: Work,
    *,
    attempt: Attempt,
    remember: bool = False,
    remember_for: timedelta | None = None,
    instead_of: list[bytes],
    device: str | None = None,
    news: bool = True,
) -> opening.Opened:
    """Open a session for a proven attempt, unless a step holds the door.

    Args:
        instead_of: digests of the handles that the browser had; their sessions end, so that a
            handle planted before the sign-in is worth nothing after it.
        device: the cookie by which the browser is known, if it has one.
        news: False if the person was signed in in this browser a moment ago.

    Raises:
        MayNotEnter: the account is suspended, or what was proven has been changed meanwhile.
        Held: a step wants something more first; nothing was written yet.
        Refusal: whatever else a step refuses with.
    """
    epoch, account = 0, None
    if attempt.user_id is not None:
        # Before any of its sessions, as whoever ends all of them does: so nobody waits in a circle,
        # and of sign-ins at once each sees those before it and keeps their number within the limit.
        account = users.hold(work, user_id=attempt.user_id)
        epoch = account.epoch if attempt.epoch is None else attempt.epoch
        if not account.active or account.epoch != epoch:
            raise MayNotEnter(user_id=attempt.user_id)
    for step in work.house.plugs(LoginStep):
        try:
            step.hold(work, attempt)
        except Held as held:
            work.record(LoginHeld(user_id=attempt.user_id, by=held.code))
            raise
    sessions.end(work, digests=instead_of)
    holder = opening.Holder(
        user_id=attempt.user_id,
        subject=attempt.subject,
        epoch=epoch,
        methods=attempt.methods,
        fresh=attempt.fresh,
    )
    opened = opening.open_session(work, holder=holder, remember=remember, remember_for=remember_for)
    work.origin = replace(work.origin, actor_id=attempt.user_id, session_id=opened.public_id)
    work.record(
        LoggedIn(
            user_id=attempt.user_id,
            subject=attempt.subject,
            methods=attempt.methods,
            remembered=opened.remember is not None,
        )
    )
    if account is not None:
        users.note_sign_in(work, user=account)
    if account is not None and news:
        _tell_of_new_device(work, account, device)
    return opened


def account_of(work: Work, attempt: Attempt) -> User:
    """Return the account of ours that an attempt proved.

    Raises:
        UnknownUser: it proved somebody of whom only the host knows.
    """
    if attempt.user_id is None:
        raise UnknownUser
    return users.hold(work, user_id=attempt.user_id)


def confirm(work: Work, *, standing: Standing) -> Handle:
    """Make a session fresh, under a new handle; the old one is worth nothing any more.

    Raises:
        MayNotEnter: the account was suspended, or what was proven has been changed meanwhile.
        SessionOver: the session was ended meanwhile; nothing revives it.
    """
    if standing.user is not None:
        epoch, active = users.state(work.db, user_id=standing.user.id)
        if not active or epoch != standing.user.epoch:
            raise MayNotEnter(user_id=standing.user.id)
    handle = opening.renew(work, standing=standing)
    user_id = standing.user.id if standing.user else None
    work.record(LoginConfirmed(user_id=user_id, subject=standing.subject))
    return handle


def leave(work: Work, *, standing: Standing | None, digests: list[bytes]) -> None:
    """End the sessions of a browser's handles, and what was opened in the same sign-in."""
    if sessions.end(work, digests=digests) and standing is not None:
        user_id = standing.user.id if standing.user else None
        work.record(LoggedOut(user_id=user_id, subject=standing.subject))


def _tell_of_new_device(work: Work, account: User, device: str | None) -> None:
    """Write to the owner, unless the browser is known or nobody ever signed in before."""
    if marks.knows(work.house, device, user_id=account.id, epoch=account.epoch):
        return
    if not added(work.db, FirstSignIn, user_id=account.id, at=work.now):
        notices.notify(work, user=account, letter="new_device")
