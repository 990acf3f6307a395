"""What happens to recoveries."""

from flask_gatehouse.core.events import Event


class RecoveryAsked(Event):
    """Somebody asked for a letter that sets a new password."""

    name = "recovery.asked"
    meaning = "Somebody asked for a letter that sets a new password."
    sentence = "A letter for a new password was asked for."


class RecoveryRefused(Event):
    """A letter was asked for that was not sent."""

    name = "recovery.refused"
    meaning = "A letter for a new password was asked for and not sent: no account, or too often."
    sentence = "A letter for a new password was asked for once more, and not sent."
    outcome = "refused"


class PasswordRecovered(Event):
    """A password was set by way of a letter."""

    name = "recovery.done"
    meaning = "A password was set by way of a letter."
    sentence = "Your password was set by way of a letter."
    #: What was used: "link" or "code".
    by: str
