"""What happens to receivers. None of it is sent to any: nothing tells of itself for ever."""

from flask_gatehouse.core.events import Event


class WebhookAdded(Event):
    """A receiver was added."""

    name = "webhooks.added"
    meaning = "A receiver of events was added."
    sentence = None
    webhook: str
    wants: tuple[str, ...]


class WebhookChanged(Event):
    """A receiver is to be told of other events."""

    name = "webhooks.changed"
    meaning = "A receiver is to be told of other events."
    sentence = None
    webhook: str
    wants: tuple[str, ...]


class WebhookPaused(Event):
    """Nothing is sent to a receiver until somebody resumes it."""

    name = "webhooks.paused"
    meaning = "Nothing is sent to a receiver until somebody resumes it."
    sentence = None
    webhook: str


class WebhookResumed(Event):
    """A receiver is told again."""

    name = "webhooks.resumed"
    meaning = "A receiver is told of events again."
    sentence = None
    webhook: str


class WebhookDisabled(Event):
    """A receiver failed for too long."""

    name = "webhooks.disabled"
    meaning = "Nothing is sent to a receiver any more, because it failed for too long, or is gone."
    sentence = None
    outcome = "refused"
    webhook: str


class WebhookRemoved(Event):
    """A receiver was removed."""

    name = "webhooks.removed"
    meaning = "A receiver was removed, with what was still to be sent to it."
    sentence = None
    webhook: str


class SecretRotated(Event):
    """A receiver has a new secret."""

    name = "webhooks.secret_rotated"
    meaning = "A receiver has a new secret; the former one signs beside it for a while."
    sentence = None
    webhook: str


class DeliveryFailed(Event):
    """A delivery was given up."""

    name = "webhooks.delivery_failed"
    meaning = "A delivery was tried often enough and was given up."
    sentence = None
    outcome = "refused"
    webhook: str
    told: str
    attempts: int


class DeliveryRetried(Event):
    """Somebody had a delivery tried again."""

    name = "webhooks.delivery_retried"
    meaning = "A delivery that was given up is tried again, because somebody asked for it."
    sentence = None
    webhook: str
    told: str
