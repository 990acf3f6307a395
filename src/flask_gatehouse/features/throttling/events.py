"""What throttling tells."""

from flask_gatehouse.core.events import Event


class LimitReached(Event):
    """A limit was crossed; told once for each window."""

    name = "throttling.limit_reached"
    meaning = "A limit of attempts was crossed; told once for each window."
    sentence = "There were too many attempts at your account, so some had to wait."
    outcome = "refused"
    limit: str
