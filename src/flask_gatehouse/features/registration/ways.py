"""The way to this feature from the page that asks for a password."""

from flask_gatehouse.core.house import House
from flask_gatehouse.features.registration.service import everybody_may_ask
from flask_gatehouse.features.registration.settings import RegistrationSettings
from flask_gatehouse.web.gate import GateLink, Link


class Register(GateLink):
    """Leads to the form, where strangers may make an account."""

    def offer(self, house: House) -> Link | None:
        """Return the link."""
        if not everybody_may_ask(house.settings[RegistrationSettings]):
            return None
        return Link("gatehouse.registration.register", "Make an account")


def register(house: House) -> Register:
    """Return what the page that asks for a password offers."""
    del house
    return Register()
