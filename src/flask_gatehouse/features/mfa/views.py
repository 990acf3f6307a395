"""The gate between the first proof and the session, and the list of one's own factors."""

from typing import Final

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.login.errors import PendingOver
from flask_gatehouse.features.mfa import gate, kinds, rules, service
from flask_gatehouse.features.mfa.errors import FactorNameRefused, LastWayIn, UnknownFactor
from flask_gatehouse.features.users.errors import NotAsItWas
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web.work import house, unit_of_work, works

_NOT_FOUND: Final = 404


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
    known = {kind.method: kind for kind in kinds.all_of(house())}
    return render_template(
        "gatehouse/mfa/index.html",
        factors=[(each, known[each.method]) for each in factors if each.method in known],
        offered=[kind for kind in known.values() if kind.add and kind.is_offered(house())],
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
    except (LastWayIn, NotAsItWas) as refusal:
        flash(house().part(Sentences).of(refusal), "error")
    else:
        flash("It is removed.", "success")
    return redirect(url_for(".index"), 303)


def _account() -> User:
    """Return whose factors they are. Where the host keeps its own users there are none: 404."""
    found = doorkeeper.current().account()
    if found is None:
        abort(_NOT_FOUND)
    return found
