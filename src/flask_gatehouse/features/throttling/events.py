"""What throttling tells."""

from flask_gatehouse.core.events import Event


class LimitReached(Event):
    """A limit was crossed; told once for each window."""

    name = "throttling.limit_reached"
    meaning = "A limit of attempts was crossed; told once for each window."
    outcome = "refused"
    limit: str
