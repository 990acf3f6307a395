"""A request that `doctor` sends through the public URL, to see how it arrives.

Only what really happens to a request says how many proxies stand in front. The request carries a
proof made with the secret key, good for a minute; whoever has none is told that there is nothing.
The answer is proven in the same way, so nothing in between can make it look better than it is.
"""

import json
import ssl
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from flask_gatehouse.core import tokens
from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.house import House
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.doctor.site import is_local
from flask_gatehouse.web.settings import WebSettings

#: Header of the proof, in the request and in the answer.
HEADER: Final = "Gatehouse-Doctor"

#: An address that nobody has, pretended to be the client's. Source: RFC 5737.
PRETENDED: Final = "192.0.2.77"

_PURPOSE: Final = "doctor.mirror"

#: Seconds for which a proof is good.
_LIFETIME: Final = 60

#: Seconds that the public URL may take for each step.
_PATIENCE: Final = 5

#: Bytes of an answer that are read.
_LONGEST: Final = 16 * 1024

_OK: Final = 200

_SETTING: Final = "GATEHOUSE_TRUSTED_PROXIES"


class NoAnswer(Exception):  # noqa: N818 - a statement, like the refusals
    """The public URL gave no answer of this site; the message says why."""


class BadCertificate(NoAnswer):
    """Nobody can tell by its certificate that the public URL is this site."""


@dataclass(frozen=True)
class Seen:
    """How a request arrived."""

    #: Who the site believes is asking.
    address: str | None
    #: "http" or "https", as the site believes.
    scheme: str
    #: What stood in X-Forwarded-For, the farthest first.
    forwarded: tuple[str, ...]


def proof(house: House, now: datetime) -> str:
    """Return what shows for a minute that a request is of our command."""
    until = f"{int(now.timestamp()) + _LIFETIME}.{tokens.new_public_id()}"
    return f"{until}.{_digests(house, until)[0]}"


def is_proven(house: House, shown: str, now: datetime) -> bool:
    """Tell whether a request is of our command."""
    until, _, digest = shown.rpartition(".")
    expires = until.partition(".")[0]
    if not (shown.isascii() and expires.isdecimal() and len(expires) <= len("9999999999")):
        return False
    left = int(expires) - int(now.timestamp())
    return 0 <= left <= _LIFETIME and any(
        tokens.same(digest, own) for own in _digests(house, until)
    )


def answered(house: House, shown: str, seen: Seen) -> tuple[str, str]:
    """Return the body of an answer, and its proof, which belongs to one request."""
    body = json.dumps(asdict(seen))
    return body, _digests(house, f"{shown} {body}")[0]


def proxies(works: Works) -> Iterator[Finding]:
    """Whether as many proxies are believed as there are."""
    core = works.house.settings[CoreSettings]
    try:
        seen = _look(works.house)
    except NoAnswer as reason:
        if not is_local(core.public_url):
            yield Finding(
                "unsafe" if isinstance(reason, BadCertificate) else "note",
                f"Nothing could be learnt at {core.public_url}: {reason}.",
                "Whether the proxies in front are believed rightly was not looked at.",
                "Start the site, run this with the same secret key, or leave it out by --offline",
            )
        return
    yield from judged(seen, core)


def judged(seen: Seen, core: CoreSettings) -> Iterator[Finding]:
    """Yield what is wrong with how a request arrived."""
    believed, there = core.trusted_proxies, _proxies_in(seen)
    if believed > there or seen.address == PRETENDED:
        yield Finding(
            "unsafe",
            f"{believed} proxies are believed, and {there} wrote down who is asking.",
            "Anybody can pretend to come from any address, so limits and records mean nothing.",
            f"{_SETTING}={there}",
        )
    elif believed < there:
        yield Finding(
            "unsafe",
            f"{there} proxies wrote down who is asking, and {believed} are believed.",
            "Everybody seems to come from one address: some failures make all people wait.",
            f"{_SETTING}={there}",
        )
    if core.public_url.startswith("https:") and seen.scheme != "https":
        yield Finding(
            "note",
            "The site is reached by https, and is told http.",
            "Addresses that the application makes for itself begin with http.",
            f"Let the proxy send X-Forwarded-Proto: https; {_SETTING} says whether it is believed",
        )


def _proxies_in(seen: Seen) -> int:
    """Return how many wrote themselves down: what stands behind our own pretence, or all."""
    if PRETENDED in seen.forwarded:
        return len(seen.forwarded) - 1 - seen.forwarded.index(PRETENDED)
    return len(seen.forwarded)


def _look(house: House) -> Seen:
    """Send the request. Raises: NoAnswer."""
    shown = proof(house, house.clock.now())
    try:
        status, digest, body = _fetched(house, shown)
    except ssl.SSLCertVerificationError as error:
        msg = f"its certificate is not good ({error.verify_message})"
        raise BadCertificate(msg) from error
    except (OSError, HTTPException) as error:
        msg = f"it does not answer ({type(error).__name__})"
        raise NoAnswer(msg) from error
    good = any(tokens.same(digest, own) for own in _digests(house, f"{shown} {body}"))
    if status != _OK or not good:
        msg = f"what answers there ({status}) is not this site, or has another key"
        raise NoAnswer(msg)
    told = json.loads(body)
    return Seen(told["address"], told["scheme"], tuple(told["forwarded"]))


def _fetched(house: House, shown: str) -> tuple[int, str, str]:
    url = urlsplit(house.settings[CoreSettings].public_url)
    path = f"{url.path.rstrip('/')}{house.settings[WebSettings].url_prefix.rstrip('/')}/doctor/"
    connection = _connection(url.scheme, url.hostname or "", url.port)
    try:
        connection.request("GET", path, headers={HEADER: shown, "X-Forwarded-For": PRETENDED})
        answer = connection.getresponse()
        body = answer.read(_LONGEST).decode("utf-8", "replace")
        return answer.status, answer.headers.get(HEADER, ""), body
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    """Connect to nothing yet. Certificates are verified. Source: OWASP ASVS 5.0 12.3.2."""
    if scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(host, port, timeout=_PATIENCE, context=context)
    return HTTPConnection(host, port, timeout=_PATIENCE)


def _digests(house: House, text: str) -> list[str]:
    return [each.hex() for each in house.keys.digests(_PURPOSE, text)]
