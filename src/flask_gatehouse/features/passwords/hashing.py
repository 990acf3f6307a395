"""Argon2id: how passwords are stored, and what a stored string may make this process do.

A stored hash names its own cost, so whoever can write one (an import, a restored backup) could name
a cost that ends the process. Every string is read strictly and held to `CEILING` before any work.
"""

import re
import secrets
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final, Self

from argon2 import low_level

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.passwords import rules
from flask_gatehouse.features.passwords.errors import PasswordRefused


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one hash costs.

    Args:
        time: passes over the memory.
        memory_kib: memory in KiB.
        lanes: threads that one hash may keep busy; one core per hash is easiest to plan for.
    Source: RFC 9106 4, second choice, on one lane.
    """

    time: int = 3
    memory_kib: int = 65536
    lanes: int = 1

    def reaches(self, floor: Self) -> bool:
        """Tell whether nothing here is less than in another cost."""
        return (
            self.time >= floor.time
            and self.memory_kib >= floor.memory_kib
            and self.lanes >= floor.lanes
        )


#: A cost must reach one of these. Source: ASVS 5.0 appendix C; OWASP password storage cheat sheet.
FLOORS: Final = (
    Cost(time=1, memory_kib=47104),
    Cost(time=2, memory_kib=19456),
    Cost(time=3, memory_kib=12288),
)

#: The most that a stored hash may ask for. The first choice of RFC 9106 is 2 GiB, which no web
#: process has to spare; Django and argon2-cffi never asked for more than 100 MiB.
CEILING: Final = Cost(time=16, memory_kib=262144, lanes=16)

#: KiB times passes: about two seconds of one core, whatever the parts are.
_CEILING_OF_WORK: Final = 1048576

#: Argon2 needs eight blocks of 1 KiB in each lane. Source: RFC 9106 3.1.
_KIB_PER_LANE: Final = 8

#: Bytes. Source: RFC 9106 4.
_SALT: Final = 16
_TAG: Final = 32

_ENCODED: Final = re.compile(
    r"\$(?P<kind>argon2id?)\$v=19"
    r"\$m=(?P<memory_kib>[1-9][0-9]{0,6}),t=(?P<time>[1-9][0-9]?),p=(?P<lanes>[1-9][0-9]?)"
    r"\$(?P<salt>[A-Za-z0-9+/]{11,86})\$(?P<tag>[A-Za-z0-9+/]{22,86})"
)
_KINDS: Final = {"argon2id": low_level.Type.ID, "argon2i": low_level.Type.I}


@dataclass(frozen=True, kw_only=True)
class Argon2:
    """A stored Argon2 hash, read and found to be within bounds."""

    kind: low_level.Type
    cost: Cost
    salt: bytes
    tag: bytes

    def matches(self, secret: bytes) -> bool:
        """Hash the secret once, at the cost that is written in the stored string."""
        tag = _hashed(secret, self.salt, kind=self.kind, cost=self.cost, length=len(self.tag))
        return compare_digest(tag, self.tag)


def read(encoded: str) -> Argon2 | None:
    """Return what a PHC string says, or None if it is not one that may be verified."""
    found = _ENCODED.fullmatch(encoded)
    if found is None:
        return None
    cost = Cost(
        time=int(found["time"]), memory_kib=int(found["memory_kib"]), lanes=int(found["lanes"])
    )
    if not _is_affordable(cost):
        return None
    try:
        salt, tag = _unpacked(found["salt"]), _unpacked(found["tag"])
    except NotBase64:
        return None
    return Argon2(kind=_KINDS[found["kind"]], cost=cost, salt=salt, tag=tag)


class Hasher:
    """Makes and verifies the hashes that this application stores.

    Args:
        cost: what a new hash costs.
        allow_cheap: accept a cost under the floors. For tests only.
    Raises:
        Misconfigured: a cost under every floor, or above the ceiling.
    """

    def __init__(self, cost: Cost | None = None, *, allow_cheap: bool = False) -> None:
        self.cost = cost or Cost()
        if not _is_affordable(self.cost):
            raise Misconfigured("The cost of a password hash is above what may be verified.")
        if not allow_cheap and not any(self.cost.reaches(floor) for floor in FLOORS):
            raise Misconfigured("The cost of a password hash is under every floor of OWASP.")
        # Random bytes in the place of a tag verify at the same cost, and making them costs nothing.
        self._decoy = self._encoded(secrets.token_bytes(_SALT), secrets.token_bytes(_TAG))

    def hash(self, password: str) -> str:
        """Return the PHC string to store.

        Raises:
            PasswordRefused: no rule but the byte limit and Unicode is looked at here.
        """
        secret, salt = rules.as_bytes(password), secrets.token_bytes(_SALT)
        return self._encoded(salt, _hashed(secret, salt, cost=self.cost))

    def recognised(self, encoded: str) -> bool:
        """Tell whether `verify` would hash at all; if not, the caller owes a `decoy`."""
        return _read_own(encoded) is not None

    def verify(self, encoded: str, password: str) -> bool:
        """Tell whether a password belongs to a stored string, by at most one hash.

        A string that is malformed, of another kind or above the ceiling, and a password that could
        never have been set, are wrong and cost nothing.
        """
        stored = _read_own(encoded)
        if stored is None:
            return False
        try:
            secret = rules.as_bytes(password)
        except PasswordRefused:
            return False
        return stored.matches(secret)

    def decoy(self, password: str) -> None:
        """Do the work of one failing `verify`, for a name that has no hash."""
        self.verify(self._decoy, password)

    def outdated(self, encoded: str) -> bool:
        """Tell whether a stored string should be replaced at the next sign-in."""
        stored = _read_own(encoded)
        wanted = (self.cost, _SALT, _TAG)
        return stored is None or (stored.cost, len(stored.salt), len(stored.tag)) != wanted

    def _encoded(self, salt: bytes, tag: bytes) -> str:
        cost = self.cost
        return (
            f"$argon2id$v={low_level.ARGON2_VERSION}"
            f"$m={cost.memory_kib},t={cost.time},p={cost.lanes}${_packed(salt)}${_packed(tag)}"
        )


def _read_own(encoded: str) -> Argon2 | None:
    stored = read(encoded)
    return stored if stored and stored.kind is low_level.Type.ID else None


def _is_affordable(cost: Cost) -> bool:
    return (
        CEILING.reaches(cost)
        and cost.reaches(Cost(time=1, memory_kib=_KIB_PER_LANE * cost.lanes, lanes=1))
        and cost.time * cost.memory_kib <= _CEILING_OF_WORK
    )


def _hashed(
    secret: bytes,
    salt: bytes,
    *,
    cost: Cost,
    kind: low_level.Type = low_level.Type.ID,
    length: int = _TAG,
) -> bytes:
    return low_level.hash_secret_raw(
        secret,
        salt,
        time_cost=cost.time,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=length,
        type=kind,
    )


def _packed(octets: bytes) -> str:
    """Write bytes as PHC strings do: base64 without padding."""
    return b64encode(octets).rstrip(b"=").decode()


def _unpacked(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), validate=True)
