"""Letters that tell people what happened around their sign-in."""

import logging

from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mail import service as mail
from flask_gatehouse.features.users.errors import AddressRefused
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rules import mailing_address

_log = logging.getLogger("gatehouse")


def notify(work: Work, *, user: User, letter: str, to: str | None = None, **facts: object) -> None:
    """Write a letter to the owner of an account, in this transaction, if there is an address.

    Every letter knows when it happened and from which network address, and no text that a browser
    sent: nobody can make the site say something to somebody else.

    Args:
        to: another mailbox of theirs than the primary one.

    Source: OWASP ASVS 5.0 6.3.5.
    """
    address = to or user.email
    if not address:
        return
    try:
        recipient = mailing_address(address)
    except AddressRefused:
        # A sign-in does not fail over an address that a host wrote into the table itself.
        _log.warning("the address of %r cannot be written to", user)
        return
    known = {
        "when": f"{work.now:%Y-%m-%d %H:%M} UTC",
        "address": work.origin.address,
        "site_url": work.settings(CoreSettings).public_url,
    }
    mail.post(work, letter=letter, recipient=recipient, facts=known | facts, user_id=user.id)
