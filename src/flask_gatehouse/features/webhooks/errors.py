"""What `webhooks` refuses, and how a delivery fails."""

from flask_gatehouse.core.errors import Conflict, NotValid


class UrlRefused(NotValid):
    """Nothing is sent to such an address. Facts: `reason`."""

    code = "webhooks.url_refused"


class EventsRefused(NotValid):
    """What is asked for is no event, and no family of events. Facts: `wanted`."""

    code = "webhooks.events_refused"


class NoSuchWebhook(NotValid):
    """There is no such receiver."""

    code = "webhooks.unknown"


class TooManyWebhooks(Conflict):
    """There are as many receivers as there may be. Facts: `most`."""

    code = "webhooks.too_many"


class CannotSeal(Conflict):
    """Secrets cannot be kept: the package that seals them is not installed."""

    code = "webhooks.cannot_seal"


class NotGivenUp(Conflict):
    """The delivery was not given up, or is forgotten."""

    code = "webhooks.not_given_up"


class NotTaken(Exception):  # noqa: N818 - a statement, like the refusals
    """A receiver did not take a delivery; the text says why, in a few words of ours."""

    def __init__(self, reason: str, *, status: int | None = None) -> None:
        """Args: status: what it answered, if it answered."""
        self.status = status
        super().__init__(reason)


class NotReachable(NotTaken):
    """A receiver is at an address to which nothing may be sent."""
