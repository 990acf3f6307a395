"""How the views of all ways in end: at the desk, with cookies, and on the page that was wanted."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.tracing import span
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.login import pending as pendings
from flask_gatehouse.features.login import service as desk
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.login.errors import PendingOver, WrongFactor
from flask_gatehouse.features.login.landing import landing
from flask_gatehouse.features.login.pending import ENROLMENT, FACTOR, Pending
from flask_gatehouse.features.login.settings import LoginSettings
from flask_gatehouse.web.carrying import Carried
from flask_gatehouse.web.work import house, unit_of_work

_NOTHING_ELSE: Final = Wish()


class Passing(ABC):
    """Something that is done in a browser in which a second step was passed."""

    @abstractmethod
    def passed(self, work: Work, pending: Pending) -> None:
        """Do it, in the same work, before somebody is let in. Knows the request."""


def enter(
    prove: Callable[[Work], Attempt], wish: Wish = _NOTHING_ELSE, *, news: bool = True
) -> None:
    """Sign somebody in by a first proof.

    Args:
        prove: called in a unit of work; returns who it is, or raises.
        news: False if the person was signed in in this browser a moment ago.

    Raises:
        Held: something more is wanted first; what `prove` wrote is committed.
        Refusal: whatever `prove` or the desk refuses with; nothing is written.
    """
    door = doorkeeper.current()
    with span("gatehouse.sign_in"), door.at_the_desk(wish) as work:
        attempt = prove(work)
        opened = desk.admit(work, attempt=attempt, wish=wish, browser=door.browser(), news=news)
        user = desk.account_of(work, attempt)
        words = desk.words(work, user=user)
    door.signed_in(opened, user)
    for word in words:
        flash(word, "info")


def pass_step(prove: Callable[[Work, Pending], str]) -> ResponseReturnValue:
    """Let whoever is half signed in take the second step; then on to what was wanted.

    The try is counted before anything is verified.

    Args:
        prove: verifies and spends what was given, in a unit of work; returns the method.

    Raises:
        PendingOver: the sign-in has to begin anew.
        Throttled: too many tries on this account.
        WrongFactor: whatever `prove` wrote is undone.
    """
    door = doorkeeper.current()
    pending = door.pending()
    if pending is None or pending.owes != FACTOR:
        raise PendingOver
    with unit_of_work() as work:
        tried = pendings.count(work, pending=pending, device=door.device())

    def passed(work: Work, pending: Pending) -> str:
        method = prove(work, pending)
        for each in work.house.plugs(Passing):
            each.passed(work, pending)
        return method

    try:
        _complete(pending, passed)
    except WrongFactor as refusal:
        _refuse(pending, tried, refusal)
        raise
    return arrive(pending.wish)


def enrol_first(prove: Callable[[Work, Pending], str]) -> None:
    """Let somebody in who had to set up a factor first, and did so in `prove`.

    Raises:
        PendingOver: the sign-in has to begin anew.
    """
    pending = doorkeeper.current().pending()
    if pending is None or pending.owes != ENROLMENT:
        raise PendingOver
    _complete(pending, prove)


def arrive(wish: Wish) -> ResponseReturnValue:
    """Lead to the page that was wanted; a form that was carried along goes on by one button."""
    if wish.carried is not None:
        carried = Carried.read(wish.carried)
        return render_template("gatehouse/login/carry_on.html", carried=carried)
    return redirect(landing(wish.wanted), 303)


def _complete(pending: Pending, prove: Callable[[Work, Pending], str]) -> None:
    door = doorkeeper.current()
    with door.at_the_desk(pending.wish) as work:
        method = prove(work, pending)
        pendings.spend(work, pending=pending, device=door.device())
        attempt = Attempt(
            user_id=pending.user_id,
            methods=(*pending.methods, method),
            epoch=pending.epoch,
            # A session is fresh if all of it was proven lately. Source: OWASP ASVS 5.0 7.5.3.
            fresh=pending.fresh,
        )
        if pending.wish.confirms is None:
            opened = desk.admit(work, attempt=attempt, wish=pending.wish, browser=door.browser())
            user = desk.account_of(work, attempt)
        else:
            standing = door.standing()
            if standing is None or standing.public_id != pending.wish.confirms:
                raise PendingOver
            handle = desk.confirm(
                work,
                standing=standing,
                attempt=attempt,
                wish=pending.wish,
                browser=door.browser(),
            )
    if pending.wish.confirms is None:
        door.signed_in(opened, user)
    else:
        door.confirmed(handle)


def _refuse(pending: Pending, tried: int, refusal: WrongFactor) -> None:
    device = doorkeeper.current().device()
    method = str(refusal.facts.get("method", "unknown"))
    with unit_of_work() as work:
        desk.refuse_step(work, pending=pending, tried=tried, method=method, device=device)
    if tried >= house().settings[LoginSettings].pending_tries:
        raise PendingOver from refusal
