"""What an account may do: asked by the model and by guards, answered by `roles`."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

#: The role that nobody makes or changes: whoever has it may do everything.
ADMINISTRATOR: Final = "administrator"

#: Where the account of the session that is asking keeps what it may do, for this request: each
#: permission that is declared to whether it is allowed.
KEPT: Final = "_gatehouse_granted"

#: Stands for "about nothing in particular", because anything else may be asked about.
NOTHING: Final = object()


@dataclass(frozen=True)
class Granted:
    """What one account may do at this moment.

    Administrators may do everything, also what is declared after they became it.
    """

    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    everything: bool = False
    #: When the newest of its roles was given, or allowed something else; None where there is none.
    since: datetime | None = field(default=None, compare=False)

    def allows(self, permission: str) -> bool:
        """Whether a permission, which somebody declared, is among what is allowed."""
        return self.everything or permission in self.permissions

    def allows_any(self, permissions: frozenset[str]) -> bool:
        """Whether one of these permissions is among what is allowed."""
        return self.everything or not permissions.isdisjoint(self.permissions)

    def covers(self, other: "Granted") -> bool:
        """Whether whatever the other may do is allowed here as well."""
        return self.everything or (not other.everything and other.permissions <= self.permissions)

    def is_above(self, other: "Granted") -> bool:
        """Whether it covers the other, and is not covered by it."""
        return self.covers(other) and not other.covers(self)

    def may_act_on(self, other: "Granted") -> bool:
        """Whether somebody may change the account of the other.

        Administrators may, also each other's. Whoever has some rights may only where there are
        fewer. Source: OWASP ASVS 5.0 8.3.1.
        """
        return self.everything or self.is_above(other)


#: What nobody in particular may do.
NONE: Final = Granted()


class RightsKeeper(ABC):
    """Knows what accounts may do. The account is the model that asks."""

    @abstractmethod
    def granted(self, user: Any) -> Granted:  # noqa: ANN401 - the model is above
        """Return what an account may do; read at most once in a request for whoever is asking."""

    @abstractmethod
    def can(self, user: Any, permission: str, thing: object) -> bool:  # noqa: ANN401 - the model is above
        """Return whether an account may do something.

        Raises:
            UnknownPermission: nobody declared it, or it is asked about a thing and has no rule.
        """


class _Installed:
    """How to get at the keeper: the model belongs to no application, and there may be several."""

    keeper: Callable[[], RightsKeeper] | None = None


def install(keeper: Callable[[], RightsKeeper]) -> None:
    """Say how to get at the keeper; the extension does so when it starts."""
    _Installed.keeper = keeper


def current() -> RightsKeeper:
    """Return the keeper. Raises: RuntimeError: no application was started."""
    if _Installed.keeper is None:
        msg = "no application has been given Gatehouse yet, so nobody knows who may do what"
        raise RuntimeError(msg)
    return _Installed.keeper()


def gained_at(user: Any) -> datetime | None:  # noqa: ANN401 - the model is above
    """Return when an account was given what it may do, or later; None if it may do nothing.

    Nobody notes when somebody became an administrator. Of them it is when anything of their account
    was changed last, which is no earlier.
    """
    found = current().granted(user)
    changed: datetime = user.updated_at
    return changed if found.everything else found.since
