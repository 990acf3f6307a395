"""Sealing: what the house must read again is kept so that only it can, and only where it was put.

A sealed text is `1.<key id>.<base64url of nonce, ciphertext and tag>`. It belongs to one place, as
a column in the row of an owner does: moved to any other, it does not open.

Standards: OWASP ASVS 5.0 11.3.2, 11.3.3; NIST SP 800-38D.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from flask_gatehouse.core.keys import Key, KeyRing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: Version of what is written, in front of everything sealed.
_VERSION: Final = "1"

#: Random bytes in front of each ciphertext. Source: NIST SP 800-38D 8.2.2; with one key that is
#: good for 2**32 of them, far more than there are people.
_NONCE_BYTES: Final = 12


class SealBroken(Exception):  # noqa: N818 - a statement, like the refusals
    """What is stored cannot be opened: its key is gone, or it was changed or put elsewhere."""


def is_possible() -> bool:
    """Whether the package that does the work is installed."""
    return find_spec("cryptography") is not None


def seal(keys: KeyRing, plain: bytes, *, place: tuple[str, ...]) -> str:
    """Return a secret as it may be stored, by the newest key.

    Args:
        place: where it is put: table, column, row and owner. The table is also what its key is for.
    """
    key = keys.newest(_purpose(place))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(key).encrypt(nonce, plain, _bound(key.id, place))
    return f"{_VERSION}.{key.id}.{urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(keys: KeyRing, sealed: str, *, place: tuple[str, ...]) -> bytes:
    """Return what was sealed for this place.

    Raises:
        SealBroken: nobody can read it here, and why.
    """
    version, _, rest = sealed.partition(".")
    key_id, _, body = rest.partition(".")
    key = keys.named(_purpose(place), key_id)
    if version != _VERSION or key is None:
        msg = f"it was sealed with the key {key_id[:8]!r}, which is not in force"
        raise SealBroken(msg)
    if not is_possible():
        msg = "the package cryptography is not installed"
        raise SealBroken(msg)
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - heavy, and an extra

    try:
        raw = urlsafe_b64decode(body)
        return _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound(key.id, place))
    except (InvalidTag, ValueError) as error:
        msg = "it is not what was sealed for this place"
        raise SealBroken(msg) from error


def beginning(keys: KeyRing, table: str) -> str:
    """Return how everything begins that is sealed with the newest key for a table."""
    return _beginning(keys.newest(_purpose((table,))))


def beginnings(keys: KeyRing, table: str) -> list[str]:
    """Return how everything begins that some key in force opens."""
    return [_beginning(key) for key in keys.keys(_purpose((table,)))]


def _beginning(key: Key) -> str:
    return f"{_VERSION}.{key.id}."


def _purpose(place: tuple[str, ...]) -> str:
    return f"sealing.{place[0]}"


def _bound(key_id: str, place: tuple[str, ...]) -> bytes:
    """Return what is bound to it. Each part says how long it is, so that none runs into another."""
    parts = (_VERSION, key_id, *place)
    return b"".join(b"%d:%b" % (len(part.encode()), part.encode()) for part in parts)


def _cipher(key: Key) -> "AESGCM":
    """AES with a key of 256 bits, which `KeyRing` derives. Source: OWASP ASVS 5.0 11.3.2."""
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 - as above
        AESGCM,
    )

    return AESGCM(key.value)
