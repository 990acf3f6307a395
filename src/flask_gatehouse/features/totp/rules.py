"""Codes by time: how one is made, read and found again. Pure rules.

Source: RFC 6238, with the algorithm of RFC 4226: SHA-1, six digits, half a minute. Other values
would be stronger on paper only, and some common apps read them and show wrong codes.
"""

import hmac
import re
import secrets
from base64 import b32encode
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

#: Bytes of a seed. Source: RFC 4226 4, R6 recommends 160 bits.
SEED_BYTES: Final = 20

#: Digits of a code. Source: OWASP ASVS 5.0 6.5.4.
DIGITS: Final = 6

#: Seconds for which a code is shown. Source: RFC 6238 5.2.
STEP_SECONDS: Final = 30

#: Characters of a typed code that are looked at; more is no code.
_LONGEST_TYPED: Final = 64

_APART: Final = re.compile(r"[\s\-]+")
_SHAPE: Final = re.compile(rf"[0-9]{{{DIGITS}}}")

#: Characters of a site's and of a person's name that an app is told: in any script they fit into
#: the picture.
_LONGEST_SITE: Final = 48
_LONGEST_PERSON: Final = 64

#: Characters in one group of a seed as people type it.
_GROUP: Final = 4


def new_seed() -> bytes:
    """Return a new secret for app and site to share."""
    return secrets.token_bytes(SEED_BYTES)


def step_at(moment: datetime) -> int:
    """Return which half minute since 1970 it is."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_at(seed: bytes, step: int) -> str:
    """Return the code that an app shows in a step. Source: RFC 4226 5.3."""
    mac = hmac.digest(seed, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def typed_code(text: str) -> str | None:
    """Return the digits of a code as somebody typed it, or None if it is none.

    Spaces and hyphens are left out. Digits of other scripts are none: no app shows them, and
    one code must not have many spellings.
    """
    bare = _APART.sub("", text) if len(text) <= _LONGEST_TYPED else ""
    return bare if _SHAPE.fullmatch(bare) else None


def matching_step(seed: bytes, code: str, *, now: int, previous: bool) -> int | None:
    """Return the step of which this is the code, the newest first; None if it is of none.

    A code of the future is never taken: the app's clock is wrong, or somebody's guess is.

    Args:
        now: the step of the server's clock.
        previous: whether the step before it counts too, for people who type slowly.

    Source: RFC 6238 5.2, at most one step for the delay.
    """
    steps = (now, now - 1) if previous else (now,)
    # Each is compared, so that the time taken tells nothing.
    found = [step for step in steps if hmac.compare_digest(code_at(seed, step), code)]
    return found[0] if found else None


def shown_seed(seed: bytes) -> str:
    """Return a seed as somebody types it into an app: base32, in groups of four."""
    text = b32encode(seed).decode()
    return " ".join(text[n : n + _GROUP] for n in range(0, len(text), _GROUP))


def app_address(seed: bytes, *, site: str, account: str) -> str:
    """Return what an app reads from the picture: the seed, and what the app calls it.

    A colon stands between site and account, so neither may have one.
    """
    issuer = site.replace(":", " ").strip()[:_LONGEST_SITE]
    whose = account.replace(":", " ").strip()[:_LONGEST_PERSON]
    label = quote(f"{issuer}:{whose}", safe=":")
    facts = {
        "secret": b32encode(seed).decode(),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP_SECONDS,
    }
    return f"otpauth://totp/{label}?{urlencode(facts, quote_via=quote)}"
