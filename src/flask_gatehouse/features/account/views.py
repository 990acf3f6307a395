"""One's own account."""

from flask import render_template
from flask.typing import ResponseReturnValue

from flask_gatehouse.features.mfa import gate


def index() -> ResponseReturnValue:
    """Show a person their own data."""
    return render_template("gatehouse/account/index.html", grace=gate.grace())
