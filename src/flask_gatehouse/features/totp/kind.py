"""Authenticator apps as a kind of factor."""

from flask_gatehouse.core.house import House
from flask_gatehouse.features.mfa.kinds import FactorKind
from flask_gatehouse.features.totp import service


class AuthenticatorApp(FactorKind):
    """Something that one has: the device with the app."""

    method = service.METHOD
    label = "Authenticator app"
    ask = "gatehouse.totp.ask"
    way = "Use a code from your app"
    about = "An app on your phone or computer shows six digits that you type when you log in."
    add = "gatehouse.totp.add"
    counts = True
    order = 20

    def is_offered(self, house: House) -> bool:
        """Whether people can add one."""
        return service.is_offered(house)


def kind(house: House) -> AuthenticatorApp:
    """Return the kind."""
    del house
    return AuthenticatorApp()
