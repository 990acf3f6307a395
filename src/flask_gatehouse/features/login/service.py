"""The one door: a proven attempt goes in, an open session comes out."""

from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final, Literal

from sqlalchemy.orm import Session as DbSession

from flask_gatehouse.core.errors import Held
from flask_gatehouse.db.statements import added
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.login import limits, marks, notices
from flask_gatehouse.features.login import pending as pendings
from flask_gatehouse.features.login.attempts import Attempt, Browser, Wish
from flask_gatehouse.features.login.errors import MayNotEnter
from flask_gatehouse.features.login.events import (
    LoggedIn,
    LoggedOut,
    LoginConfirmed,
    LoginHeld,
    SecondStepRefused,
)
from flask_gatehouse.features.login.models import FirstSignIn
from flask_gatehouse.features.login.pending import Pending
from flask_gatehouse.features.login.settings import LoginSettings
from flask_gatehouse.features.sessions import opening
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.sessions.errors import SessionOver
from flask_gatehouse.features.sessions.finding import Standing
from flask_gatehouse.features.sessions.rules import Handle
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import UnknownUser
from flask_gatehouse.features.users.models import User

_NOTHING_ELSE: Final = Wish()


#: What is handed out where somebody sees the site as somebody else, and when that is over.
View = opening.View
Returned = opening.Returned

#: Wrong steps in a row in a browser of the owner, of which the last is none of theirs any more.
_SLIPS: Final = 3


class LoginStep(ABC):
    """Something that may hold the door after a first proof, such as a second factor."""

    #: Whether `stands` has anything to say, and of which sessions; asked once for an application.
    watches: Literal["nothing", "views", "everything"] = "nothing"

    @abstractmethod
    def hold(self, work: Work, attempt: Attempt, wish: Wish) -> None:
        """Return if the attempt may pass. Raises: Held: not yet. Refusal: it may not."""

    def recognise(self, work: Work, attempt: Attempt, browser: Browser) -> Attempt:
        """Return the attempt with what the browser itself adds to it; asked before `hold`.

        Whoever confirms that it is still them gets nothing from it.
        """
        del work, browser
        return attempt

    def word(self, work: Work, user: User) -> str | None:
        """Return what to tell somebody who was let in just now, if there is something."""
        del work, user
        return None

    def is_content(self, db: DbSession, standing: Standing) -> bool:
        """Whether what was proven in an open session is all that would be asked for now."""
        del db, standing
        return True

    def demand_two(self, db: DbSession, standing: Standing) -> None:  # noqa: B027 - most ask nothing
        """Return if somebody can prove two factors. Raises: Held: they have to get one first."""

    def stands(self, works: Works, standing: Standing) -> bool:
        """Whether an open session may go on; asked with each request that asks who it is."""
        del works, standing
        return True


def admit(
    work: Work,
    *,
    attempt: Attempt,
    wish: Wish = _NOTHING_ELSE,
    browser: Browser,
    news: bool = True,
) -> opening.Opened:
    """Open a session for a proven attempt, unless a step holds the door.

    Args:
        wish: whether to remember, and what goes along if a step holds the door.
        browser: what it brought along; what was open or half done there is over.
        news: False if the person was signed in in this browser a moment ago.

    Raises:
        MayNotEnter: the account is suspended, or what was proven has been changed meanwhile.
        Held: a step wants something more first; no session was opened.
        Refusal: whatever else a step refuses with.
    """
    epoch, account = 0, None
    if attempt.user_id is not None:
        # Before any of its sessions, as whoever ends all of them does: so nobody waits in a circle,
        # and of sign-ins at once each sees those before it and keeps their number within the limit.
        account = users.hold(work, user_id=attempt.user_id)
        if account.is_over_at(work.now):
            # A suspension that is over is over, whether or not somebody has lifted it.
            users.lift(work, user=account)
        epoch = account.epoch if attempt.epoch is None else attempt.epoch
        if not account.active or account.epoch != epoch:
            raise MayNotEnter(user_id=attempt.user_id)
    pendings.forget(work, value=browser.pending)
    for step in work.house.plugs(LoginStep):
        attempt = step.recognise(work, attempt, browser)
    _ask_steps(work, attempt, wish)
    sessions.end(work, digests=browser.handles)
    holder = opening.Holder(
        user_id=attempt.user_id,
        subject=attempt.subject,
        epoch=epoch,
        methods=attempt.methods,
        fresh=attempt.fresh,
        proven_at=attempt.proven_at,
    )
    opened = opening.open_session(
        work, holder=holder, remember=wish.remember, remember_for=wish.remember_for
    )
    work.origin = replace(work.origin, actor_id=attempt.user_id, session_id=opened.public_id)
    entered = LoggedIn(
        user_id=attempt.user_id,
        subject=attempt.subject,
        methods=attempt.methods,
        remembered=opened.remember is not None,
    )
    # With the letter, if one is written: each time that the record is written costs statements.
    with work.together():
        work.record(entered)
        if account is not None:
            users.note_sign_in(work, user=account)
        if account is not None and news:
            _tell_of_new_device(work, account, browser.device)
    return opened


def account_of(work: Work, attempt: Attempt) -> User:
    """Return the account of ours that an attempt proved.

    Raises:
        UnknownUser: it proved somebody of whom only the host knows.
    """
    if attempt.user_id is None:
        raise UnknownUser
    return users.hold(work, user_id=attempt.user_id)


def words(work: Work, *, user: User) -> tuple[str, ...]:
    """Return what the steps have to tell somebody who was let in just now."""
    told = [step.word(work, user) for step in work.house.plugs(LoginStep)]
    return tuple(word for word in told if word is not None)


def confirm(
    work: Work, *, standing: Standing, attempt: Attempt, wish: Wish, browser: Browser
) -> Handle:
    """Make a session fresh, under a new handle; the old one is worth nothing any more.

    Args:
        attempt: what was proven just now, by whoever is signed in.

    Raises:
        MayNotEnter: the account was suspended, or what was proven has been changed meanwhile.
        SessionOver: the session was ended meanwhile; nothing revives it. Or it is a view.
        Held: a step wants something more first; the session is as it was.
    """
    if standing.viewing:
        raise SessionOver
    if standing.user is not None:
        epoch = standing.user.epoch
        # Before what is half done and before its sessions, as for `admit`.
        account = users.hold(work, user_id=standing.user.id)
        if not account.active or account.epoch != epoch:
            raise MayNotEnter(user_id=standing.user.id)
    pendings.forget(work, value=browser.pending)
    _ask_steps(work, attempt, replace(wish, confirms=standing.public_id))
    handle = opening.renew(work, standing=standing, methods=attempt.methods)
    user_id = standing.user.id if standing.user else None
    work.record(LoginConfirmed(user_id=user_id, subject=standing.subject, methods=attempt.methods))
    return handle


def look_as(work: Work, *, standing: Standing, user: User, lifetime: timedelta) -> View:
    """Have whoever is signed in see the site as somebody else, and put their own session aside.

    Whether they may is decided before, while both accounts are held. Nothing of it is a sign-in of
    the other: no step is asked, no letter of a new device goes out, no browser is known by it.

    Raises:
        MayNotEnter: the other account is not in use, or is their own.
        SessionOver: their own session was ended meanwhile.
    """
    account = users.hold(work, user_id=user.id)
    me = standing.user
    if not account.active or me is None or me.id == account.id or standing.viewing:
        raise MayNotEnter(user_id=account.id)
    return opening.open_view(
        work, standing=standing, user_id=account.id, epoch=account.epoch, lifetime=lifetime
    )


def look_no_more(work: Work, *, view: str | None, aside: str | None) -> Returned:
    """Bring back the session that was put aside for a view, under a new handle.

    Raises:
        SessionOver: there is none, or not any more.
    """
    digest = opening.aside_digest(work.house, view=view, aside=aside)
    if digest is not None:
        _hold(work, sessions.sign_ins_of(work.db, digests=[digest]))
    return opening.back(work, view=view, aside=aside)


def leave(work: Work, *, standing: Standing | None, digests: list[bytes]) -> None:
    """End the sessions of a browser's handles, and what was opened in the same sign-in."""
    # What they are is known before anybody is waited for: with it ends what is renewed meanwhile.
    sign_ins = sessions.sign_ins_of(work.db, digests=digests)
    _hold(work, sign_ins)
    if sessions.end_these(work, sign_ins) and standing is not None:
        # Of whoever sees the site as somebody else it is they who sign out, and not the other.
        who = standing.actor or standing.user
        user_id = who.id if who else None
        work.record(LoggedOut(user_id=user_id, subject=standing.subject))


def refuse_step(
    work: Work, *, pending: Pending, tried: int, method: str, device: str | None
) -> None:
    """Write down that a second step was wrong, and tell the owner if it may be a stranger.

    In a browser that the owner is known by, a slip is likelier than a stranger, until it is the
    third. Source: OWASP ASVS 5.0 6.3.5.

    Args:
        tried: which try of this sign-in it was.
    """
    settings = work.settings(LoginSettings)
    with work.apart() as own:
        own.record(SecondStepRefused(user_id=pending.user_id, method=method))
    known = marks.knows(work.house, device, user_id=pending.user_id, epoch=pending.epoch)
    if tried != (min(_SLIPS, settings.pending_tries) if known else 1):
        return
    try:
        letter = limits.LETTERS.under(settings)
        throttling.count(work, attempts=[(letter, pending.user_id.hex)])
    except throttling.Throttled:
        return
    with work.apart() as own:
        account = users.by_id(own.db, pending.user_id)
        notices.notify(own, user=account, letter="second_step_refused")


def _hold(work: Work, sign_ins: sessions.SignIns) -> None:
    """Hold whose they are before any of their sessions, as `admit` does; who is gone has none."""
    for user_id in sign_ins.accounts:
        with suppress(UnknownUser):
            users.hold(work, user_id=user_id)


def _ask_steps(work: Work, attempt: Attempt, wish: Wish) -> None:
    for step in work.house.plugs(LoginStep):
        try:
            step.hold(work, attempt, wish)
        except Held as held:
            work.record(LoginHeld(user_id=attempt.user_id, by=held.code))
            raise


def _tell_of_new_device(work: Work, account: User, device: str | None) -> None:
    """Write to the owner, unless the browser is known or nobody ever signed in before."""
    if marks.knows(work.house, device, user_id=account.id, epoch=account.epoch):
        return
    if not added(work.db, FirstSignIn, user_id=account.id, at=work.now):
        notices.notify(work, user=account, letter="new_device")
