"""Who may register, and what the letter proves."""

from collections.abc import Iterable
from typing import Any, Final, Protocol

from flask_gatehouse.features.proofs.rules import Purpose
from flask_gatehouse.features.users.rules import canonical_address

VERIFY: Final = Purpose("registration.verify")


class Account(Protocol):
    """What is looked at of an account."""

    email: Any
    is_admin: Any


def is_waiting(account: Account) -> bool:
    """Whether an account that registered still waits for the proof of its address.

    Not one to which whoever runs the site gave an address or a role meanwhile: that one stays.
    """
    return account.email is None and not account.is_admin


def of_these(address: str, domains: Iterable[str]) -> bool:
    """Whether a canonical address is of one of these domains, in whatever spelling those are."""
    mine = address.rpartition("@")[2]
    return any(canonical_address(f"a@{each}").rpartition("@")[2] == mine for each in domains)
