"""What `mail` refuses, and how a delivery fails."""

from flask_gatehouse.core.errors import NotValid


class RecipientRefused(NotValid):
    """It is not exactly one plain address. Facts: `reason`."""

    code = "mail.recipient_refused"


class SubjectRefused(NotValid):
    """The subject is not one short line of visible text. Facts: `reason`."""

    code = "mail.subject_refused"


class NotDelivered(Exception):  # noqa: N818 - a statement, like the refusals
    """The letter was not accepted. Says why in a few words, without address or password."""
