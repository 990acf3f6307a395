"""Secrets handed to people and browsers, and what is kept of them: never the secret itself."""

import hmac
import re
import secrets
from functools import lru_cache
from hashlib import sha256
from typing import Final

#: Bytes of randomness in every handle and link. Source: OWASP ASVS 5.0 7.2.3 asks for 16.
SECRET_BYTES = 32

#: Characters of such a secret in URL-safe base64 without padding.
SECRET_LENGTH = 43

#: The last character carries four bits; only the spelling that we would make is accepted.
_SHAPE: Final = re.compile("[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


def new_secret() -> str:
    """Return 43 URL-safe characters that carry 256 random bits."""
    return secrets.token_urlsafe(SECRET_BYTES)


def new_public_id() -> str:
    """Return 22 URL-safe characters (127.9 bits) that name a thing and open nothing."""
    # Commands take what begins with a dash for an option.
    while (made := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return made


def digest(secret: str, key: bytes) -> bytes:
    """Return the 32 bytes that are stored and looked up in place of a secret."""
    begun = _begun(key).copy()
    begun.update(secret.encode("utf-8", "surrogatepass"))
    return begun.digest()


@lru_cache(maxsize=64)
def _begun(key: bytes) -> hmac.HMAC:
    # OpenSSL looks the algorithm up for each key, which takes longer than to use it.
    return hmac.new(key, digestmod="sha256")


def same(one: bytes | str, other: bytes | str) -> bool:
    """Compare without telling by the time taken how much was alike."""
    left = one.encode() if isinstance(one, str) else one
    right = other.encode() if isinstance(other, str) else other
    return hmac.compare_digest(left, right)


def well_formed(secret: str) -> bool:
    """Whether `secret` has the shape of `new_secret`, so that asking the database makes sense."""
    return _SHAPE.fullmatch(secret) is not None


def fingerprint(key: bytes) -> str:
    """Return eight hex characters that name a key without telling it."""
    return sha256(b"gatehouse key id" + key).hexdigest()[:8]
