"""For whom passkeys are made, what they may be, and what stands in for those of nobody."""

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from flask_gatehouse.core.site import is_this_machine

#: Bytes by which keepers know a person. Source: W3C Web Authentication Level 3, 14.6.1.
HANDLE_BYTES: Final = 64

#: How long an answer may take. Source: W3C Web Authentication Level 3, 15.1, recommends this.
LIFETIME: Final = timedelta(minutes=5)

#: Ed25519, ECDSA on P-256 with SHA-256, and RSA with SHA-256. Source: IANA, COSE Algorithms.
EDDSA: Final = -8
ES256: Final = -7
RS256: Final = -257

#: In the order in which they are wished for. Source: W3C Web Authentication Level 3, 5.4.
ALGORITHMS: Final = (EDDSA, ES256, RS256)

#: Bytes of a credential id. Source: W3C Web Authentication Level 3, 7.1, step 25.
LONGEST_ID: Final = 1023

#: Passkeys that are named to a browser for a name that was typed, whoever has it and however many.
LISTED: Final = 10

#: How long credential ids commonly are, in bytes.
_LENGTHS: Final = (16, 20, 32, 48, 64)

#: Bytes at the end of a stand-in by which we know it again.
_SEAL: Final = 8

_TEXT: Final = re.compile("[A-Za-z0-9_-]*")

#: Ways in which a browser may reach a passkey. Source: W3C Web Authentication Level 3, 5.8.4.
_TRANSPORTS: Final = ("ble", "hybrid", "internal", "nfc", "smart-card", "usb")


class Purpose(StrEnum):
    """What a browser is asked to sign for. What was made for one purpose is nothing in another."""

    SIGN_IN = "sign in"
    SECOND_STEP = "second step"
    CONFIRM = "confirm"
    ADD = "add"
    SIGN_UP = "sign up"


@dataclass(frozen=True)
class Party:
    """The site as browsers and keepers of passkeys know it.

    Args:
        id: a host; passkeys are made for it and for nothing else.
        origins: where a browser may stand while it asks for one, letter by letter.
    """

    id: str
    origins: tuple[str, ...]

    @property
    def home(self) -> str:
        """The first of the origins."""
        return self.origins[0]


@lru_cache(maxsize=16)
def party(public_url: str, related: tuple[str, ...] = ()) -> Party | None:
    """Return for whom passkeys are made; None where no browser would make one.

    Browsers want https, or this machine, and a name: there are no passkeys for an IP address. This
    machine is `localhost` by name, whichever of its addresses the public URL has.

    Source: W3C Web Authentication Level 3, 5.1.3, on a valid domain; W3C Secure Contexts, 3.1.
    """
    url = urlsplit(public_url)
    host = url.hostname or ""
    here = is_this_machine(host)
    if here:
        host = "localhost"
    elif url.scheme != "https" or _is_number(host):
        return None
    if not host.isascii():
        host = host.encode("idna").decode()
    usual = {"https": 443, "http": 80}[url.scheme]
    port = "" if url.port in {None, usual} else f":{url.port}"
    return Party(host, (f"{url.scheme}://{host}{port}", *related))


def to_text(raw: bytes) -> str:
    """Return bytes in URL-safe base64 without padding, as browsers write them."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def to_bytes(text: object) -> bytes | None:
    """Return what `to_text` made; None if it would have been written otherwise."""
    if not isinstance(text, str) or not _TEXT.fullmatch(text) or len(text) % 4 == 1:
        return None
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return raw if to_text(raw) == text else None


def ways(given: object) -> str:
    """Return the ways in which a browser says that it reaches a passkey, those that there are."""
    said = given if isinstance(given, list) else []
    return " ".join(each for each in _TRANSPORTS if each in said)


def named(key: bytes, *, name: str, has: list[bytes]) -> list[bytes]:
    """Return as many credential ids for one name as for any other, the same ones every time.

    What an account lacks is filled up with ids that nobody has, so that nobody can tell from the
    number, the order or the look of them whether there is an account, and whether it has a passkey.

    Args:
        key: of this purpose.
        name: in the form in which it is counted.
        has: those of the account, the most wanted first.

    Source: W3C Web Authentication Level 3, 14.6.2.
    """
    ids = has[:LISTED]
    ids += [_stand_in(key, name, number) for number in range(len(ids), LISTED)]
    return sorted(ids, key=lambda each: _mac(key, b"order", each))


def is_stand_in(key: bytes, credential_id: bytes) -> bool:
    """Whether an id was made up by `named`."""
    body, seal = credential_id[:-_SEAL], credential_id[-_SEAL:]
    return hmac.compare_digest(_mac(key, b"seal", body)[:_SEAL], seal)


def _stand_in(key: bytes, name: str, number: int) -> bytes:
    said = f"{number} {name}".encode("utf-8", "surrogatepass")
    first = _mac(key, b"body", said)
    length = _LENGTHS[first[0] % len(_LENGTHS)] - _SEAL
    body = (_mac(key, b"one", said) + _mac(key, b"two", said))[:length]
    return body + _mac(key, b"seal", body)[:_SEAL]


def _mac(key: bytes, what: bytes, said: bytes) -> bytes:
    return hmac.digest(key, what + b"\n" + said, "sha256")


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        # Browsers read a name whose last part is a number as an address as well.
        return host.rstrip(".").rpartition(".")[2].isdigit()
    return True
