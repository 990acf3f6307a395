"""Who may add a factor at this moment, and what becomes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import doorkeeper, entering
from flask_gatehouse.features.login.errors import PendingOver
from flask_gatehouse.features.login.pending import ENROLMENT, Pending
from flask_gatehouse.features.mfa import policy, service
from flask_gatehouse.features.mfa.service import Added
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web.work import house, unit_of_work, works

_NOT_FOUND: Final = 404


@dataclass(frozen=True)
class Enrolling:
    """Somebody who adds a factor: signed in and freshly proven, or held at the door for it."""

    user: User
    #: Names the session or the pending sign-in to which a half-done set-up belongs.
    bound_to: str
    pending: Pending | None = None


def current(*, adding: bool = True) -> Enrolling:
    """Return who adds a factor in this request. Where nobody can add any there is no page: 404.

    Args:
        adding: False for what belongs to the factors that there are.

    Raises:
        PendingOver: nobody is here who may.
    """
    who = _current()
    if adding and not policy.may_add(house(), who.user):
        abort(_NOT_FOUND)
    return who


def _current() -> Enrolling:
    door = doorkeeper.current()
    standing = door.standing()
    if standing is not None and standing.user is not None:
        return Enrolling(standing.user, standing.public_id)
    pending = door.pending()
    if pending is None or pending.owes != ENROLMENT:
        raise PendingOver
    with works().reading() as db:
        return Enrolling(users.by_id(db, pending.user_id), pending.public_id, pending)


def enrol(confirm: Callable[[Work, Enrolling], Added]) -> ResponseReturnValue:
    """Add a factor, and answer: with the spare codes, this once, or with the list.

    Somebody who was held at the door for it is let in by it: it was proven just now.

    Args:
        confirm: verifies what was given, and calls `service.add`.

    Raises:
        PendingOver: somebody else was faster, or it was too late; nothing was added.
        Refusal: whatever `confirm` refuses with; nothing was added.
    """
    who = current()
    added: list[Added] = []
    if who.pending is None:
        with unit_of_work() as work:
            added.append(confirm(work, who))
        wish = None
    else:
        wish = who.pending.wish

        def prove(work: Work, _pending: Pending) -> str:
            # Whoever has a factor proves that one, and adds no other on the way in.
            users.hold(work, user_id=who.user.id)
            if service.asks_for_more(work, work.db, user_id=who.user.id):
                raise PendingOver
            added.append(confirm(work, who))
            return added[0].factor.method

        entering.enrol_first(prove)
    made = added[0]
    if made.spare_codes:
        onward = wish.wanted if wish is not None else None
        return render_template("gatehouse/mfa/spare_codes.html", added=made, onward=onward)
    flash("It is added, and asked for from now on.", "success")
    return redirect(url_for("gatehouse.mfa.index"), 303) if wish is None else entering.arrive(wish)
