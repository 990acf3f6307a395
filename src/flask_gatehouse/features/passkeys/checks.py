"""What is looked at before the start, if passkeys were switched on by name."""

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.house import House
from flask_gatehouse.features.passkeys import ceremony
from flask_gatehouse.features.passkeys.settings import PasskeySettings


def installed(house: House) -> None:
    """Return if passkeys can be used as they are switched. Raises: Misconfigured."""
    if house.settings[PasskeySettings].enabled and not ceremony.is_installed():
        msg = (
            "GATEHOUSE_PASSKEYS_ENABLED is yes, but the library is not there: install "
            "flask-gatehouse[passkeys]."
        )
        raise Misconfigured(msg)
