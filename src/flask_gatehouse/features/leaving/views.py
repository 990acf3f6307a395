"""A person's own copy of what is kept of them, and the door out."""

from typing import Final

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.features.leaving import deactivating, departing, service
from flask_gatehouse.features.leaving.settings import LeavingSettings
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.proofs.errors import ProofSpent
from flask_gatehouse.features.users.errors import LastAdministrator, NotAsItWas
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.handing import Handing
from flask_gatehouse.web.links import link_to, login_page
from flask_gatehouse.web.work import house, unit_of_work

_NOT_FOUND: Final = 404
_UNDO: Final = Handing("undo")


def data() -> ResponseReturnValue:
    """Say what is in the copy, and offer it."""
    return render_template("gatehouse/leaving/data.html")


def download() -> ResponseReturnValue:
    """Hand over the copy. Where the host keeps its own users there is no account of ours: 404."""
    user = doorkeeper.current().account()
    if user is None:
        abort(_NOT_FOUND)
    with unit_of_work() as work:
        text = service.copy(work, user_id=user.id)
    response = Response(text, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="your-data.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


def leave() -> ResponseReturnValue:
    """Say what becomes of an account that is put aside or deleted, and offer both."""
    user = doorkeeper.current().account()
    days = house().settings[LeavingSettings].grace.days
    return render_template("gatehouse/leaving/leave.html", account=user, days=days)


def delete() -> ResponseReturnValue:
    """Close the account and write to its owner; it is erased later."""
    door = doorkeeper.current()
    user = door.account()
    if user is None:
        abort(_NOT_FOUND)
    try:
        with unit_of_work() as work:
            erase_at = departing.ask(work, user=user, link=link_to("/leave/undo/"))
    except (LastAdministrator, NotAsItWas) as refusal:
        flash(house().part(Sentences).of(refusal), "error")
        return redirect(url_for(".leave"), 303)
    door.leave(said=False)
    flash(f"Your account is closed. It will be deleted on {erase_at:%Y-%m-%d}.", "success")
    return redirect(url_for("gatehouse.passwords.login"), 303)


def deactivate() -> ResponseReturnValue:
    """Put the account aside and write to its owner, who may come back by their password."""
    door = doorkeeper.current()
    user = door.account()
    if user is None:
        abort(_NOT_FOUND)
    try:
        with unit_of_work() as work:
            deactivating.deactivate(work, user=user, login=login_page(house()))
    except (LastAdministrator, NotAsItWas) as refusal:
        flash(house().part(Sentences).of(refusal), "error")
        return redirect(url_for(".leave"), 303)
    door.leave(said=False)
    flash("Your account is deactivated. Log in whenever you want to come back.", "success")
    return redirect(url_for("gatehouse.passwords.login"), 303)


def open_undo(secret: str) -> ResponseReturnValue:
    """Take the secret out of the address bar. Nothing is looked up, used or changed."""
    return _UNDO.over(secret, ".undo")


def undo() -> ResponseReturnValue:
    """Open an account again by one button. The page never says whose it is."""
    try:
        with unit_of_work() as work:
            if request.method != "POST":
                departing.look_at_undo(work, secret=_UNDO.held)
                return render_template("gatehouse/leaving/undo.html")
            departing.undo(work, secret=_UNDO.held)
    except ProofSpent as refusal:
        return render_template("gatehouse/leaving/undo_over.html"), answer(refusal).status
    flash("Your account is open again. Please log in.", "success")
    response = redirect(url_for("gatehouse.passwords.login"), 303)
    _UNDO.forget(response)
    return response
