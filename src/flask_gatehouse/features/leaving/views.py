"""A person's own copy of what is kept of them."""

from typing import Final

from flask import Response, abort, render_template
from flask.typing import ResponseReturnValue

from flask_gatehouse.features.leaving import service
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.web.work import unit_of_work

_NOT_FOUND: Final = 404


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
