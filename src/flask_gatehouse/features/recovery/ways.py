"""The way to this feature from the page that asks for a password."""

from flask_gatehouse.core.house import House
from flask_gatehouse.features.recovery.settings import RecoverySettings
from flask_gatehouse.web.gate import GateLink, Link


class Forgotten(GateLink):
    """Leads to the page that sends a letter, unless the site sends none."""

    def offer(self, house: House) -> Link | None:
        """Return the link."""
        if not house.settings[RecoverySettings].enabled:
            return None
        return Link("gatehouse.recovery.ask", "Forgot your password?")


def forgotten(house: House) -> Forgotten:
    """Return what the page that asks for a password offers."""
    del house
    return Forgotten()
