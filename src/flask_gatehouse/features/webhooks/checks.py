"""What is looked at before the start, if receivers have certificates of an own authority."""

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.house import House
from flask_gatehouse.core.settings import key_of
from flask_gatehouse.features.webhooks import reaching
from flask_gatehouse.features.webhooks.settings import WebhookSettings


def check(house: House) -> None:
    """Return if the authorities can be read. Raises: Misconfigured."""
    try:
        reaching.trusting(house.settings[WebhookSettings].ca)
    except (OSError, ValueError) as error:
        msg = f"{key_of('webhooks', 'ca')} names a file from which no certificate can be read."
        raise Misconfigured(msg) from error
