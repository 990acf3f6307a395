"""What throttling tells."""

from flask_gatehouse.core.events import Event


class LimitReached(Event):
    """A limit was crossed; told once for each window."""

    name = "throttling.limit_reached"
    meaning = "A limit of attempts was crossed; told once for each window."
    #: It names a limit and no account, so it is on nobody's page.
    sentence = None
    outcome = "refused"
    limit: str


class BlocksLifted(Event):
    """Somebody lifted blocks."""

    name = "throttling.cleared"
    meaning = "Counters of attempts were forgotten at the wish of whoever runs the site."
    #: It is about no account, so it is on nobody's page.
    sentence = None
    #: What they were found by: "name", "network" or "all".
    by: str
    counters: int
    network: str | None = None
