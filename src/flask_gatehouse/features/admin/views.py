"""The admin area: anyone signed in sees their own card, administrators see other people."""

from typing import Final

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.features.admin import service
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.mfa import kinds, policy, resetting
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.errors import NoReset, NothingToReset, OwnReset, ResetWaits
from flask_gatehouse.features.people import service as helping
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import UnknownUser
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web.access import may_enter
from flask_gatehouse.web.work import house, unit_of_work

#: Characters of a search that are looked at.
_LONGEST_SEARCH: Final = 100

_NOT_FOUND: Final = 404


def index() -> ResponseReturnValue:
    """Show who is signed in, and how many people there are to whoever may see people."""
    stats = None
    if may_enter("people.read"):
        with unit_of_work() as work, work.reading() as db:
            stats = service.overview(work, db)
    return render_template("gatehouse/admin/index.html", stats=stats)


def factors() -> ResponseReturnValue:
    """Find an account by its name or address, and show what it has beside a password."""
    name = request.args.get("q", "")[:_LONGEST_SEARCH].strip()
    mine, labels = _administrator(), {kind.method: kind.label for kind in kinds.all_of(house())}
    with unit_of_work() as work, work.reading() as db:
        person = users.find(db, name) if name else None
        owned = [] if person is None else mfa.of(db, user_id=person.id)
        waiting = None if person is None else resetting.waiting(db, user_id=person.id)
        counted = policy.census(house(), db)
    return render_template(
        "gatehouse/admin/factors.html",
        q=name,
        person=person,
        factors=owned,
        labels=labels,
        waiting=waiting,
        own=person is not None and person.id == mine.id,
        counted=counted,
    )


def reset_factors() -> ResponseReturnValue:
    """Have somebody's factors taken away, after the time in which they can stop it."""
    name = request.form.get("name", "")[:_LONGEST_SEARCH]
    try:
        with unit_of_work() as work:
            helping.reset_factors(work, user_id=users.named(work.db, name).id, by=_administrator())
    except (OwnReset, NothingToReset, ResetWaits, UnknownUser) as refusal:
        _say(refusal)
    else:
        flash("That waits now, and the person was told.", "success")
    return redirect(url_for(".factors", q=name), 303)


def keep_factors() -> ResponseReturnValue:
    """Stop that somebody's factors are taken away."""
    name = request.form.get("name", "")[:_LONGEST_SEARCH]
    try:
        with unit_of_work() as work:
            helping.keep_factors(work, user_id=users.named(work.db, name).id, by=_administrator())
    except (NoReset, UnknownUser) as refusal:
        _say(refusal)
    else:
        flash("It is stopped: everything stays as it is.", "success")
    return redirect(url_for(".factors", q=name), 303)


def _say(refusal: Refusal) -> None:
    flash(house().part(Sentences).of(refusal), "error")


def _administrator() -> User:
    """Return whose page it is. Where the host keeps its own users there is none: 404."""
    found = doorkeeper.current().account()
    if found is None:
        abort(_NOT_FOUND)
    return found
