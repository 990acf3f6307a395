"""What happens to letters by which people log in."""

from flask_gatehouse.core.events import Event


class LetterAsked(Event):
    """Somebody asked for a letter to log in by."""

    name = "login_by_mail.asked"
    meaning = "Somebody asked for a letter to log in by."
    sentence = "A letter to log in by was asked for."


class LetterRefused(Event):
    """A letter was asked for that was not sent."""

    name = "login_by_mail.refused"
    meaning = (
        "A letter to log in by was asked for and not sent: no account, no proven address, or too "
        "often."
    )
    sentence = "A letter to log in by was asked for once more, and not sent."
    outcome = "refused"
