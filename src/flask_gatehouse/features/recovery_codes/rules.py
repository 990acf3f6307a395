"""What a recovery code looks like, and how it is typed. Pure rules."""

import re
import secrets
from typing import Final

#: Codes of a set.
COUNT: Final = 10

#: Random bytes of a code. From 112 bits on a fast keyed hash is enough to keep it, because nobody
#: tries that many; a shorter one would need argon2id. Source: OWASP ASVS 5.0 6.5.2.
CODE_BYTES: Final = 15

#: At so few that are left a new set is recommended.
LOW: Final = 3

#: Digits and letters that are hard to mistake for each other. Source: Crockford, Base 32.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS: Final = 5

#: Characters of a code.
LENGTH: Final = CODE_BYTES * 8 // _BITS

#: Characters in one group of a code as it is shown.
_GROUP: Final = 4

#: Characters of a typed code that are looked at; more is no code.
_LONGEST_TYPED: Final = 128

_APART: Final = re.compile(r"[\s\-]+")
_SHAPE: Final = re.compile(f"[{_ALPHABET}]{{{LENGTH}}}")

#: What people read for something else. Source: as for the alphabet.
_READ_AS: Final = str.maketrans("OIL", "011")


def new_code() -> str:
    """Return 24 characters that carry 120 random bits."""
    number = int.from_bytes(secrets.token_bytes(CODE_BYTES), "big")
    digits = (number >> _BITS * place & 0x1F for place in reversed(range(LENGTH)))
    return "".join(_ALPHABET[digit] for digit in digits)


def shown_code(code: str) -> str:
    """Return a code in groups of four, as people read it."""
    return "-".join(code[n : n + _GROUP] for n in range(0, LENGTH, _GROUP))


def typed_code(text: str) -> str | None:
    """Return the one spelling of a code as somebody typed it, or None if it is none.

    Case, spaces and hyphens do not matter, nor whether O or 0, or I, L or 1 was read.
    """
    if len(text) > _LONGEST_TYPED or not _APART.sub("", text).isascii():
        return None
    bare = _APART.sub("", text).upper().translate(_READ_AS)
    return bare if _SHAPE.fullmatch(bare) else None
