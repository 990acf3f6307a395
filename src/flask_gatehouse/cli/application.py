"""The application that a command runs inside of."""

from typing import TYPE_CHECKING, Any

import click
from flask import current_app

from flask_gatehouse.core.house import House

if TYPE_CHECKING:
    from flask_gatehouse.db.work import Works


def program() -> str:
    """Return how this command line is called, for sentences that name a command of it.

    On a page nobody called one: there it has its own name, as in the documentation.
    """
    context = click.get_current_context(silent=True)
    if context is None:
        return "gatehouse"
    caller = context.command_path.partition(" gatehouse ")[0]
    return f"{caller} gatehouse" if caller.endswith("flask") else "gatehouse"


def works() -> "Works":
    """Return how the current application begins work."""
    state: Any = current_app.extensions["gatehouse"]
    found: Works = state.works
    return found


def house() -> House:
    """Return the house of the current application."""
    return works().house
