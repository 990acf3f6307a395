"""One's own activity."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from flask_gatehouse.features.activity import service
from flask_gatehouse.features.audit.places import place
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.web.work import house, works


def index() -> ResponseReturnValue:
    """Show a person what happened to their account, 25 entries at a time."""
    user = doorkeeper.current().account()
    # Where the host keeps its own users, the record has no account of theirs, and nothing is shown.
    page = service.Page(entries=[], newer=None, older=None)
    if user is not None:
        before, after = (place(request.args.get(name)) for name in ("before", "after"))
        with works().reading() as db:
            page = service.page(house(), db, user_id=user.id, before=before, after=after)
    page = service.located(house(), page)
    return render_template("gatehouse/activity/index.html", page=page)
