"""One's own devices."""

from typing import Final

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.features.devices import rules, service
from flask_gatehouse.features.devices.errors import NameRefused, UnknownDevice
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.mfa import trust
from flask_gatehouse.features.sessions.finding import Standing
from flask_gatehouse.web.work import house, unit_of_work

_NOT_FOUND: Final = 404


def index() -> ResponseReturnValue:
    """List where the person is signed in."""
    with unit_of_work() as work, work.reading() as db:
        devices = service.all_of(work, db, standing=_standing())
        trusted = service.trusted(work, db, standing=_standing(), here=trust.COOKIE.held)
    return render_template(
        "gatehouse/devices/index.html",
        devices=service.located(house(), devices),
        trusted=trusted,
        longest_name=rules.LONGEST_NAME,
    )


def end(device: str) -> ResponseReturnValue:
    """End one of them."""
    try:
        with unit_of_work() as work:
            service.end(work, standing=_standing(), device=device)
    except UnknownDevice:
        abort(_NOT_FOUND)
    flash("That device is signed out.", "success")
    return redirect(url_for(".index"), 303)


def end_trust(device: str) -> ResponseReturnValue:
    """Have one browser asked for the second step again."""
    try:
        with unit_of_work() as work:
            service.end_trust(work, standing=_standing(), device=device)
    except UnknownDevice:
        abort(_NOT_FOUND)
    flash("That browser is asked for the second step again.", "success")
    return redirect(url_for(".index"), 303)


def end_others() -> ResponseReturnValue:
    """End all of them but this one."""
    with unit_of_work() as work:
        service.end_others(work, standing=_standing(), here=trust.COOKIE.held)
    flash("All other devices are signed out.", "success")
    return redirect(url_for(".index"), 303)


def name(device: str) -> ResponseReturnValue:
    """Call one of them something."""
    try:
        with unit_of_work() as work:
            wanted = request.form.get("name", "")
            service.rename(work, standing=_standing(), device=device, name=wanted)
    except UnknownDevice:
        abort(_NOT_FOUND)
    except NameRefused as refusal:
        flash(house().part(Sentences).of(refusal), "error")
    else:
        flash("The name is saved.", "success")
    return redirect(url_for(".index"), 303)


def _standing() -> Standing:
    """Return the session that asks. Somebody let in by a `request_loader` alone has none: 404."""
    found = doorkeeper.current().standing()
    if found is None:
        abort(_NOT_FOUND)
    return found
