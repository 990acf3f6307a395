"""What throttling tells."""

from dataclasses import dataclass

from flask_gatehouse.core.events import Event


@dataclass(frozen=True, kw_only=True)
class LimitReached(Event):
    """A limit was crossed; told once for each window."""

    name = "throttling.limit_reached"
    meaning = "A limit of attempts was crossed; told once for each window."
    outcome = "refused"
    limit: str
