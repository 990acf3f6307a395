"""Refusals that belong to no feature."""

from flask_gatehouse.core.events import Event


class AccessRefused(Event):
    """Somebody signed in asked for what they may not have."""

    name = "web.refused"
    meaning = "Somebody signed in asked for what they may not have."
    sentence = "You asked for a page that you may not see."
    outcome = "refused"
    #: Code of the refusal.
    code: str
    #: Which page, by the name of its view.
    endpoint: str | None
    #: The permission, or role, that was missing.
    needs: str | None = None
