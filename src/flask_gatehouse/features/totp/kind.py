"""Authenticator apps as a kind of factor."""

from typing import ClassVar

from flask_gatehouse.core.house import House
from flask_gatehouse.features.mfa.kinds import FactorKind
from flask_gatehouse.features.totp import service


class AuthenticatorApp(FactorKind):
    """Something that one has: the device with the app."""

    method: ClassVar[str] = service.METHOD
    methods: ClassVar[tuple[str, ...]] = (service.METHOD,)
    label: ClassVar[str] = "Authenticator app"
    ask: ClassVar[str] = "gatehouse.totp.ask"
    way: ClassVar[str] = "Use a code from your app"
    add: ClassVar[str | None] = "gatehouse.totp.add"
    counts: ClassVar[bool] = True
    order: ClassVar[int] = 20

    def is_offered(self, house: House) -> bool:
        """Whether people can add one."""
        return service.is_offered(house)


def kind(house: House) -> AuthenticatorApp:
    """Return the kind."""
    del house
    return AuthenticatorApp()
