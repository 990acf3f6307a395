"""How an account's password is set and checked: asked by the model, answered by `passwords`."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any


class PasswordKeeper(ABC):
    """Sets and checks the passwords of accounts. The account is the model that asks."""

    @abstractmethod
    def set_password(self, user: Any, password: str) -> None:  # noqa: ANN401 - the model is above
        """Keep the hash of `password` with the account, in the account's own transaction."""

    @abstractmethod
    def check_password(self, user: Any, password: str) -> bool:  # noqa: ANN401 - the model is above
        """Return whether `password` is the account's."""


class _Installed:
    """How to get at the keeper: the model belongs to no application, and there may be several."""

    keeper: Callable[[], PasswordKeeper] | None = None


def install(keeper: Callable[[], PasswordKeeper]) -> None:
    """Say how to get at the keeper; the extension does so when it starts."""
    _Installed.keeper = keeper


def current() -> PasswordKeeper:
    """Return the keeper. Raises: RuntimeError: no application was started."""
    if _Installed.keeper is None:
        msg = "no application has been given Gatehouse yet, so nobody keeps passwords"
        raise RuntimeError(msg)
    return _Installed.keeper()
