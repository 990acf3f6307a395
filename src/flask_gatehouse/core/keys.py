"""Keys: one root, and one key derived from it for every purpose.

A value made for one purpose never verifies for another. The first root makes new values; the
others only read what they once made, so that a root can be replaced without signing anybody out.
"""

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise

from flask_gatehouse.core import tokens
from flask_gatehouse.core.errors import Misconfigured

#: The shortest root key. Source: OWASP ASVS 5.0 11.2.3 (128 bits of security and more).
ROOT_BYTES = 32

#: How to make a good one.
HOW_TO = "make one with python -c 'import secrets; print(secrets.token_urlsafe(32))'."

#: Roots that stand in documentation, tutorials and templates, compared after folding case.
WELL_KNOWN = ("change", "secret", "example", "insecure", "default", "password", "replace")


@dataclass(frozen=True)
class Key:
    """A key for one purpose, and the name by which stored values find it again."""

    id: str
    value: bytes


class KeyRing:
    """All roots in force, newest first; derives the key of a purpose from each."""

    def __init__(self, roots: Sequence[bytes]) -> None:
        """Args: roots: at least one; the first makes new values, all are accepted."""
        self._roots = tuple(roots)
        self._derived: dict[str, tuple[Key, ...]] = {}

    def keys(self, purpose: str) -> tuple[Key, ...]:
        """Return the keys of a purpose, the one that makes new values first."""
        known = self._derived.get(purpose)
        if known is None:
            known = tuple(self._derive(root, purpose) for root in self._roots)
            self._derived[purpose] = known
        return known

    def newest(self, purpose: str) -> Key:
        """Return the key with which new values of this purpose are made."""
        return self.keys(purpose)[0]

    def named(self, purpose: str, key_id: str) -> Key | None:
        """Return the key that a stored value names, or None if it is no longer in force."""
        for key in self.keys(purpose):
            if key.id == key_id:
                return key
        return None

    def digests(self, purpose: str, secret: str) -> Iterator[bytes]:
        """Yield what a secret may be stored as, under each key in force."""
        return (tokens.digest(secret, key.value) for key in self.keys(purpose))

    @staticmethod
    def _derive(root: bytes, purpose: str) -> Key:
        """HKDF-SHA-256 with one block of output. Source: RFC 5869."""
        extracted = hmac.digest(b"gatehouse/1", root, "sha256")
        value = hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")
        return Key(tokens.fingerprint(value), value)


#: Digests of keys that stand whole in other people's documentation, which is where they are found.
_PUBLISHED = frozenset({"2598f7d6adc142d88161630f3db12ab2bd3403521c281811e5e1ce60d4ac5d76"})


def _looks_like_an_example(text: str) -> bool:
    """Whether a key was written by hand, counts or repeats, or has been published."""
    folded = text.casefold()
    if any(word in folded for word in WELL_KNOWN) or len(set(text)) < ROOT_BYTES // 4:
        return True
    steps = [abs(ord(one) - ord(other)) <= 1 for one, other in pairwise(text)]
    # Of random letters and digits, fewer than one step in five counts up, down, or stays.
    return sum(steps) > len(steps) / 2 or sha256(text.encode("latin-1")).hexdigest() in _PUBLISHED


@dataclass(frozen=True)
class Root:
    """A root key as it was configured, checked before anything is derived from it."""

    raw: bytes
    setting: str

    @cached_property
    def value(self) -> bytes:
        """Return the bytes. Raises: Misconfigured: too short, or known from documentation."""
        raw = self.raw
        if len(raw) < ROOT_BYTES:
            msg = f"{self.setting} has {len(raw)} bytes and needs at least {ROOT_BYTES}: {HOW_TO}"
            raise Misconfigured(msg)
        if _looks_like_an_example(raw.decode("latin-1")):
            msg = f"{self.setting} looks like an example, not like a random key: {HOW_TO}"
            raise Misconfigured(msg)
        return raw
