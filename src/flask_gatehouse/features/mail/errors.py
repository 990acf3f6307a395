"""What `mail` refuses, and how a delivery fails."""

from flask_gatehouse.core.errors import Conflict, NotValid


class RecipientRefused(NotValid):
    """It is not exactly one plain address. Facts: `reason`."""

    code = "mail.recipient_refused"


class SubjectRefused(NotValid):
    """The subject is not one short line of visible text. Facts: `reason`."""

    code = "mail.subject_refused"


class NoSuchLetter(NotValid):
    """No letter has this name. Facts: `letter`."""

    code = "mail.no_such_letter"


class LetterNotDead(Conflict):
    """There is no letter of this id that was given up and still says something."""

    code = "mail.letter_not_dead"


class LetterNotThere(Conflict):
    """There is no letter of this id that waits or was given up; or it is on its way just now."""

    code = "mail.letter_not_there"


class NotDelivered(Exception):  # noqa: N818 - a statement, like the refusals
    """The letter was not accepted. Says why in a few words, without address or password."""


class LetterRefused(NotDelivered):
    """The letter will never be accepted as it is, so that trying again is of no use."""
