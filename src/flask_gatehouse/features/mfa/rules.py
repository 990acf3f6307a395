"""When a sign-in has passed the gate, and what a factor may be called. Pure rules."""

from collections.abc import Iterable
from typing import Final

from flask_gatehouse.core.text import label
from flask_gatehouse.features.mfa.errors import FactorNameRefused

#: Characters of a name; the column holds as many.
LONGEST_NAME: Final = 64

#: A passkey that checked who holds it is two factors in one. Source: NIST SP 800-63B-4 3.1.6.
_ALONE: Final = frozenset({"passkey"})

#: What is a second step after something else.
_SECOND: Final = frozenset({"key", "passkey", "recovery_code", "totp"})

#: What a sign-in holds in place of a second step, in a browser that was let off it.
TRUSTED: Final = "trusted_device"


def is_two_step(methods: Iterable[str]) -> bool:
    """Whether these methods are all that the gate asks of an account with factors."""
    proven = frozenset(methods)
    return is_proven(proven) or (TRUSTED in proven and len(proven) > 1)


def is_proven(methods: Iterable[str]) -> bool:
    """Whether the person themselves proved two steps, and no browser for them."""
    proven = frozenset(methods)
    return bool(proven & _ALONE) or (bool(proven & _SECOND) and len(proven - {TRUSTED}) > 1)


def acceptable_name(text: str) -> str:
    """Return a name as it is kept.

    Raises:
        FactorNameRefused: it is empty or too long, or has characters that nobody can see.
    """
    name = label(text, longest=LONGEST_NAME)
    if not name:
        raise FactorNameRefused(longest=LONGEST_NAME)
    return name
