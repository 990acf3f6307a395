"""Begin to see the site as another person, and end it."""

from typing import Final
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.login.landing import usual
from flask_gatehouse.features.sessions.finding import Standing
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import UnknownUser
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.viewing import service
from flask_gatehouse.features.viewing.errors import NotInUse, ReasonRefused, ViewOver
from flask_gatehouse.features.viewing.rules import LONGEST_REASON
from flask_gatehouse.features.viewing.settings import ViewingSettings
from flask_gatehouse.web.flask_login import may
from flask_gatehouse.web.work import house, unit_of_work

_NOT_FOUND: Final = 404
_NOT_VALID: Final = 422
_CONFLICT: Final = 409


def begin(person: str) -> ResponseReturnValue:
    """Tell what will happen and ask for the reason; then see the site as the person."""
    user_id, standing = _id(person), _standing()
    try:
        if request.method == "POST":
            with unit_of_work() as work:
                reason = request.form.get("reason", "")
                opened = service.begin(work, standing=standing, user_id=user_id, reason=reason)
            doorkeeper.current().look_as(opened)
            return redirect(usual(), 303)
        return _ask(_seen(standing, user_id))
    except UnknownUser:
        abort(_NOT_FOUND)
    except ReasonRefused as refusal:
        return _ask(_seen(standing, user_id), said=house().part(Sentences).of(refusal)), _NOT_VALID
    except NotInUse as refusal:
        flash(house().part(Sentences).of(refusal), "error")
        return redirect(_person(user_id), 303)


def end() -> ResponseReturnValue:
    """Be oneself again: the session that was put aside is back, under a new handle."""
    door = doorkeeper.current()
    view, aside = door.looking()
    # Looked up now, because what is written down tells who really acts.
    door.standing()
    try:
        with unit_of_work() as work:
            ended = service.end(work, view=view, aside=aside)
    except ViewOver as refusal:
        flash(house().part(Sentences).of(refusal), "error")
        return redirect(url_for("gatehouse.passwords.login"), 303)
    door.look_no_more(ended.returned)
    flash("You are yourself again.", "success")
    return redirect(_person(ended.seen), 303)


def _ask(user: User, said: str | None = None) -> str:
    return render_template(
        "gatehouse/viewing/begin.html",
        person=user,
        said=said,
        longest=LONGEST_REASON,
        minutes=round(house().settings[ViewingSettings].lifetime.total_seconds() / 60),
        letter=house().settings[ViewingSettings].letter,
    )


def _seen(standing: Standing, user_id: UUID) -> User:
    """Return whom the page is about, if whoever asks may see the site as them."""
    with unit_of_work() as work:
        user = users.by_id(work.db, user_id)
        if standing.user is None:
            abort(_NOT_FOUND)
        service.demand(work, by=standing.user, user=user)
    return user


def _person(user_id: UUID | None) -> str:
    """Return the page of a person in the console, as far as whoever asks may see people."""
    if user_id is None or not may("people.read"):
        return url_for("gatehouse.admin.index")
    return url_for("gatehouse.people.one", person=user_id)


def _id(text: str) -> UUID:
    """Return the id in an address. What is none is nobody's: 404."""
    try:
        found = UUID(text)
    except ValueError:
        abort(_NOT_FOUND)
    if str(found) != text:
        abort(_NOT_FOUND)
    return found


def _standing() -> Standing:
    """Return the session that asks. Where the host keeps its own users there is none: 404."""
    found = doorkeeper.current().standing()
    if found is None or found.user is None:
        abort(_NOT_FOUND)
    return found
