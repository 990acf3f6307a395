"""One's own account."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from flask_gatehouse.web.access import login_required

blueprint = Blueprint("account", __name__, template_folder="templates")


@blueprint.get("/account/")
@login_required
def index() -> ResponseReturnValue:
    """Show a person their own data."""
    return render_template("gatehouse/account/index.html")
