"""What happens to sessions beside sign-in and sign-out."""

from flask_gatehouse.core.events import Event


class SessionsEnded(Event):
    """Every session of an account was ended at once."""

    name = "sessions.ended"
    meaning = "Every session of an account was ended at once."
    sentence = "All your sign-ins were ended at once."


class AllSessionsEnded(Event):
    """Every session of everybody was ended at once."""

    name = "sessions.all_ended"
    meaning = "Every session of everybody was ended at once."
    #: It is about no account, so it is on nobody's page.
    sentence = None
    #: How many rows that were.
    sessions: int
