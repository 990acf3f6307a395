"""The address of the link in the letter."""

from flask import current_app

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.web.links import link_to


def link_of(secret: str) -> str:
    """Return it. Raises: Misconfigured: this application has none of our pages."""
    if "gatehouse.invitations.open_link" not in current_app.view_functions:
        msg = "This application has none of Gatehouse's pages, so the link would open nothing."
        raise Misconfigured(msg)
    return link_to("/invited/")(secret)
