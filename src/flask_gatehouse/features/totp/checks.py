"""Look at what `totp` needs, before the start."""

from flask_gatehouse.core import sealing
from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.house import House
from flask_gatehouse.features.totp import drawing
from flask_gatehouse.features.totp.settings import TotpSettings


def check(house: House) -> None:
    """Refuse a start that promises apps and cannot have them. Raises: Misconfigured."""
    possible = sealing.is_possible() and drawing.is_possible()
    if house.settings[TotpSettings].enabled and not possible:
        msg = (
            "GATEHOUSE_TOTP_ENABLED is yes, and what it needs is not installed: "
            "pip install 'flask-gatehouse[totp]'."
        )
        raise Misconfigured(msg)
