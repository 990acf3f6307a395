"""What happens to sessions beside sign-in and sign-out."""

from dataclasses import dataclass

from flask_gatehouse.core.events import Event


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(Event):
    """Every session of an account was ended at once."""

    name = "sessions.ended"
    meaning = "Every session of an account was ended at once."
