"""One's own account."""

from flask import render_template
from flask.typing import ResponseReturnValue


def index() -> ResponseReturnValue:
    """Show a person their own data."""
    return render_template("gatehouse/account/index.html")
