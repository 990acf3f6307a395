"""Passkeys as factors: those that verified their holder when made, and those that did not."""

from typing import ClassVar

from flask_gatehouse.core.house import House
from flask_gatehouse.features.mfa.kinds import FactorKind
from flask_gatehouse.features.passkeys import service


class Passkeys(FactorKind):
    """Those that are two factors in one, and open the door alone."""

    method: ClassVar[str] = service.VERIFIED
    label: ClassVar[str] = "Passkey"
    ask: ClassVar[str] = "gatehouse.passkeys.ask"
    way: ClassVar[str] = "Use a passkey"
    about: ClassVar[str] = (
        "Your device asks for your finger, your face or its PIN. Nothing to type."
    )
    add: ClassVar[str | None] = "gatehouse.passkeys.add"
    enters_alone: ClassVar[bool] = True
    order: ClassVar[int] = 10

    def is_offered(self, house: House) -> bool:
        """Whether people can add one."""
        return service.is_offered(house)


class Keys(FactorKind):
    """Those that somebody only has. The same pages make them and ask for them."""

    method: ClassVar[str] = service.HELD
    label: ClassVar[str] = "Security key"
    ask: ClassVar[str] = Passkeys.ask
    way: ClassVar[str] = "Use a security key"
    add: ClassVar[str | None] = None
    order: ClassVar[int] = 11

    def is_offered(self, house: House) -> bool:
        """Whether people can add one."""
        return service.is_offered(house)


def passkeys(house: House) -> Passkeys:
    """Return the kind."""
    del house
    return Passkeys()


def keys(house: House) -> Keys:
    """Return the kind."""
    del house
    return Keys()
