"""Hashes that other systems made: verified as they are, so that nobody has to choose anew.

Werkzeug, Django and bare bcrypt. None is ever made here: after a sign-in the argon2id hash of the
same password takes its place. Every string is read strictly, and what it asks for is bounded before
any work, because it may come from anybody's export (see `hashing`).
"""

import hashlib
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

from flask_gatehouse.features.passwords import hashing, rules
from flask_gatehouse.features.passwords.errors import PasswordRefused

#: Each is a few seconds of one core at the most, and several times what these systems make today.
_MOST_ITERATIONS: Final = 5_000_000
_MOST_SCRYPT_WORK: Final = 2**22  # N times r times p; Werkzeug makes 2**18
_MOST_SCRYPT_MEMORY: Final = 256 * 2**20  # bytes; Werkzeug makes 32 MiB
_MOST_BCRYPT_COST: Final = 15  # doublings; 12 is usual
_LEAST_BCRYPT_COST: Final = 4

#: Bytes that bcrypt looks at. What lies behind them is cut off by some versions, others raise.
_BCRYPT_LIMIT: Final = 72

#: Bytes of a tag.
_SCRYPT_TAG: Final = 64
_TAGS: Final = {"sha1": 20, "sha256": 32, "sha512": 64}

_Check = Callable[[bytes], bool]


def recognised(encoded: str) -> bool:
    """Tell whether a string can be verified here: a known kind, well formed and within bounds.

    A bcrypt hash is recognised only where the optional `bcrypt` package is installed.
    """
    return _check(encoded) is not None


def verify(encoded: str, password: str) -> bool:
    """Tell whether a password belongs to a string that another system made.

    Those systems hashed what was typed, without normalising it, so the password is tried as it came
    and, only if that is something else, in the form in which we hash. Anything that is not
    `recognised`, and any password longer than could be set here, is wrong and costs nothing.
    """
    check = _check(encoded)
    matched = check is not None and any(check(secret) for secret in _spellings(password))
    # HMAC pads its key with NULs, and bcrypt repeats its key with a NUL between: to both "a" and
    # "a\0" are alike, or "a" and "a\0a". The hash is computed nevertheless, to take its time.
    return matched and "\0" not in password


def _spellings(password: str) -> Iterator[bytes]:
    try:
        normal = rules.as_bytes(password)
    except PasswordRefused:
        return
    typed = password.encode()
    yield typed
    if normal != typed:
        yield normal


def _check(encoded: str) -> _Check | None:
    """Return what a secret must pass, or None for a string that must not be verified."""
    for shape, read in _KINDS:
        parts = shape.fullmatch(encoded)
        if parts:
            return read(parts)
    return None


@dataclass(frozen=True, kw_only=True)
class _Pbkdf2:
    digest: str
    iterations: int
    salt: bytes
    tag: bytes

    def bounded(self) -> _Check | None:
        sound = len(self.tag) == _TAGS[self.digest] and self.iterations <= _MOST_ITERATIONS
        return self._matches if sound else None

    def _matches(self, secret: bytes) -> bool:
        tag = hashlib.pbkdf2_hmac(self.digest, secret, self.salt, self.iterations)
        return compare_digest(tag, self.tag)


@dataclass(frozen=True, kw_only=True)
class _Scrypt:
    n: int
    r: int
    p: int
    salt: bytes
    tag: bytes

    def bounded(self) -> _Check | None:
        sound = (
            len(self.tag) == _SCRYPT_TAG
            and self.n > 1
            and self.n.bit_count() == 1
            and self.n.bit_length() <= 16 * self.r  # RFC 7914 6: N is less than 2**(16 r)
            and self.n * self.r * self.p <= _MOST_SCRYPT_WORK
            and self._memory <= _MOST_SCRYPT_MEMORY
        )
        return self._matches if sound else None

    @property
    def _memory(self) -> int:
        """Bytes: N blocks, one for each lane, and two to work in. Source: RFC 7914 5 and 6."""
        return 128 * self.r * (self.n + self.p + 2)

    def _matches(self, secret: bytes) -> bool:
        tag = hashlib.scrypt(
            secret,
            salt=self.salt,
            n=self.n,
            r=self.r,
            p=self.p,
            maxmem=self._memory,
            dklen=_SCRYPT_TAG,
        )
        return compare_digest(tag, self.tag)


def _pbkdf2(parts: re.Match[str]) -> _Check | None:
    return _Pbkdf2(
        digest=parts["digest"],
        iterations=int(parts["iterations"]),
        salt=parts["salt"].encode(),
        tag=_tag(parts),
    ).bounded()


def _scrypt(parts: re.Match[str]) -> _Check | None:
    return _Scrypt(
        n=int(parts["n"]),
        r=int(parts["r"]),
        p=int(parts["p"]),
        salt=parts["salt"].encode(),
        tag=_tag(parts),
    ).bounded()


def _tag(parts: re.Match[str]) -> bytes:
    """Return the tag, in hexadecimal (Werkzeug) or base64 (Django); empty if it is neither."""
    given = parts.groupdict()
    try:
        return bytes.fromhex(given["hex"]) if "hex" in given else b64decode(given["base64"])
    except ValueError:
        return b""


def _bcrypt(parts: re.Match[str]) -> _Check | None:
    try:
        from bcrypt import checkpw  # noqa: PLC0415 - optional, and few sites ever need it
    except ImportError:
        return None
    if not _LEAST_BCRYPT_COST <= int(parts["cost"]) <= _MOST_BCRYPT_COST:
        return None
    encoded = parts["bcrypt"].encode()
    hashed_first = parts["django"] == "bcrypt_sha256$"

    def matches(secret: bytes) -> bool:
        if hashed_first:
            secret = hashlib.sha256(secret).hexdigest().encode()
        # A longer one is wrong whatever it begins with, and takes the time of any wrong one.
        return checkpw(secret[:_BCRYPT_LIMIT], encoded) and len(secret) <= _BCRYPT_LIMIT

    return matches


def _argon2(parts: re.Match[str]) -> _Check | None:
    stored = hashing.read(parts["phc"])
    return stored.matches if stored else None


_NUMBER: Final = "[1-9][0-9]{0,8}"
_SALT: Final = r"(?P<salt>[!-#%-~]{1,128})"
_HEX: Final = "(?P<hex>[0-9a-f]{40,128})"
_BASE64: Final = "(?P<base64>[A-Za-z0-9+/]{20,88}={0,2})"

_KINDS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Check | None]], ...]] = (
    # Werkzeug
    (
        re.compile(rf"scrypt:(?P<n>{_NUMBER}):(?P<r>{_NUMBER}):(?P<p>{_NUMBER})\${_SALT}\${_HEX}"),
        _scrypt,
    ),
    (
        re.compile(
            rf"pbkdf2:(?P<digest>sha1|sha256|sha512):(?P<iterations>{_NUMBER})\${_SALT}\${_HEX}"
        ),
        _pbkdf2,
    ),
    # Django
    (
        re.compile(
            rf"scrypt\$(?P<n>{_NUMBER})\${_SALT}\$(?P<r>{_NUMBER})\$(?P<p>{_NUMBER})\${_BASE64}"
        ),
        _scrypt,
    ),
    (
        re.compile(
            rf"pbkdf2_(?P<digest>sha1|sha256)\$(?P<iterations>{_NUMBER})\${_SALT}\${_BASE64}"
        ),
        _pbkdf2,
    ),
    (re.compile(r"argon2(?P<phc>\$[!-~]{1,256})"), _argon2),
    # Django or bare. Four bits of the last character of a bcrypt salt are not used, and must be 0.
    (
        re.compile(
            r"(?P<django>bcrypt\$|bcrypt_sha256\$)?"
            r"(?P<bcrypt>\$2[aby]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31})"
        ),
        _bcrypt,
    ),
)
