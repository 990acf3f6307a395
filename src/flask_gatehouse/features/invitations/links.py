"""The address of the link in the letter, and the link on the page about one's account."""

from flask import current_app

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.invitations.inviters import may_invite
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.web.links import link_to
from flask_gatehouse.web.work import house


def link_of(secret: str) -> str:
    """Return it. Raises: Misconfigured: this application has none of our pages."""
    if "gatehouse.invitations.open_link" not in current_app.view_functions:
        msg = "This application has none of Gatehouse's pages, so the link would open nothing."
        raise Misconfigured(msg)
    return link_to("/invited/")(secret)


def is_offered() -> bool:
    """Whether *Your account* leads whoever asks to a page for inviting people."""
    user = doorkeeper.current().account()
    return user is not None and may_invite(house(), user)
