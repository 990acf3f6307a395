"""Passkeys as factors."""

from typing import ClassVar

from flask_gatehouse.core.house import House
from flask_gatehouse.features.mfa.kinds import FactorKind
from flask_gatehouse.features.passkeys import service


class PasskeyKind(FactorKind):
    """Passkeys, whether they verify their holder or not."""

    method: ClassVar[str] = service.VERIFIED
    methods: ClassVar[tuple[str, ...]] = (service.VERIFIED, service.HELD)
    label: ClassVar[str] = "Passkey"
    ask: ClassVar[str] = "gatehouse.passkeys.ask"
    way: ClassVar[str] = "Use a passkey"
    add: ClassVar[str | None] = "gatehouse.passkeys.add"
    counts: ClassVar[bool] = True
    order: ClassVar[int] = 10

    def is_offered(self, house: House) -> bool:
        """Whether people can add one."""
        return service.is_offered(house)


def passkeys(house: House) -> PasskeyKind:
    """Return the kind."""
    del house
    return PasskeyKind()
