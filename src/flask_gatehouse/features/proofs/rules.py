"""What a proof is for, and what its code looks like."""

import re
import secrets
from dataclasses import dataclass
from typing import Final

#: Digits of a code. Source: OWASP ASVS 5.0 6.5.4 asks for 20 bits; with five tries this leaves one
#: chance in twenty million.
CODE_LENGTH: Final = 8

#: Codes that may be tried for one letter. Source: NIST SP 800-63B-4 3.2.2.
MOST_TRIES: Final = 5

_APART: Final = re.compile(r"[\s\-]+")


@dataclass(frozen=True)
class Purpose:
    """One thing that a letter can prove. What was made for one purpose is nothing in another.

    Args:
        name: `<feature>.<what>`, at most 32 characters.
        outlives_changes: whether it stays good when the account's epoch is raised, as the way back
            for an owner must whom a stranger tries to lock out.
        one_each_address: whether an account may have one for each of several mailboxes; otherwise
            a new one voids the one before, wherever that went.
    """

    name: str
    outlives_changes: bool = False
    one_each_address: bool = False


def new_code() -> str:
    """Return eight random digits."""
    return f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}d}"


def shown_code(code: str) -> str:
    """Return a code in two groups, as people read it."""
    half = CODE_LENGTH // 2
    return f"{code[:half]} {code[half:]}"


def typed_code(text: str) -> str | None:
    """Return the digits of a code as somebody typed it, or None if it is none.

    Spaces and hyphens between them are left out; digits of other scripts are read as what they are.
    """
    bare = _APART.sub("", text[:64])
    if len(bare) != CODE_LENGTH or not bare.isdecimal():
        return None
    return "".join(str(int(digit)) for digit in bare)
