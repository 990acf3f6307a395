"""The gate between the first proof and the session, and the list of one's own factors."""

from typing import Final

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.login.errors import PendingOver
from flask_gatehouse.features.mfa import enrolling, gate, kinds, policy, resetting, rules, service
from flask_gatehouse.features.mfa.errors import (
    FactorNameRefused,
    LastFactor,
    LastWayIn,
    NoReset,
    UnknownFactor,
)
from flask_gatehouse.features.users.errors import NotAsItWas
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web.work import house, unit_of_work, works

_NOT_FOUND: Final = 404


def set_up() -> ResponseReturnValue:
    """Show what can be set up, to whoever has to before they are let in, and to anybody else."""
    who = enrolling.current()
    owed = who.pending is not None
    return render_template("gatehouse/mfa/set_up.html", offered=gate.offered(who.user), owed=owed)


def ask() -> ResponseReturnValue:
    """Lead to the page of the factor that the person uses best."""
    found = gate.ways()
    if not found:
        raise PendingOver
    return redirect(url_for(found[0].ask), 303)


def index() -> ResponseReturnValue:
    """List what the person proves themselves by, and what can be added."""
    user = _account()
    with works().reading() as db:
        factors = service.of(db, user_id=user.id)
        reset = resetting.waiting(db, user_id=user.id)
        until = policy.until(works(), db, user=user)
    offered = gate.offered(user)
    if not factors and not policy.may_add(house(), user):
        abort(_NOT_FOUND)
    known = {kind.method: kind for kind in kinds.all_of(house())}
    return render_template(
        "gatehouse/mfa/index.html",
        factors=[(each, known[each.method]) for each in factors if each.method in known],
        offered=offered,
        reset=reset,
        grace=until,
        counts=any(known[each.method].counts for each in factors if each.method in known),
        longest_name=rules.LONGEST_NAME,
    )


def rename(factor: str) -> ResponseReturnValue:
    """Call one of them something else."""
    try:
        with unit_of_work() as work:
            service.rename(work, user=_account(), factor=factor, name=request.form.get("name", ""))
    except UnknownFactor:
        abort(_NOT_FOUND)
    except FactorNameRefused as refusal:
        flash(house().part(Sentences).of(refusal), "error")
    else:
        flash("The name is saved.", "success")
    return redirect(url_for(".index"), 303)


def remove(factor: str) -> ResponseReturnValue:
    """Take one of them away."""
    try:
        with unit_of_work() as work:
            service.remove(work, user=_account(), factor=factor)
    except UnknownFactor:
        abort(_NOT_FOUND)
    except (LastFactor, LastWayIn, NotAsItWas) as refusal:
        flash(house().part(Sentences).of(refusal), "error")
    else:
        flash("It is removed.", "success")
    return redirect(url_for(".index"), 303)


def keep() -> ResponseReturnValue:
    """Stop that one's factors are taken away."""
    try:
        with unit_of_work() as work:
            resetting.stop(work, user_id=_account().id)
    except NoReset as refusal:
        flash(house().part(Sentences).of(refusal), "error")
    else:
        flash("It is stopped: everything stays as it is.", "success")
    return redirect(url_for(".index"), 303)


def _account() -> User:
    """Return whose factors they are. Where the host keeps its own users there are none: 404."""
    found = doorkeeper.current().account()
    if found is None:
        abort(_NOT_FOUND)
    return found
