"""What an address and a subject may look like, and when a letter is tried again."""

import re
from datetime import timedelta
from email.headerregistry import Address
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.mail.errors import RecipientRefused, SubjectRefused

#: Characters of an address. Source: RFC 5321 4.5.3.1 and its erratum 1690.
LONGEST_ADDRESS: Final = 254
_LONGEST_LOCAL_PART: Final = 64

#: Characters of a subject: what still is one line to a reader.
LONGEST_SUBJECT: Final = 200

#: How long to wait after the first attempt that failed, how much longer after each further one, and
#: at most. Source: RFC 5321 4.5.4.1 wants hours between attempts and gives up after days; the first
#: ones come quickly, because a person is waiting for the letter.
FIRST_WAIT: Final = timedelta(minutes=1)
_GROWTH: Final = 4
LONGEST_WAIT: Final = timedelta(hours=12)

#: For how long a letter is worth sending if nobody says otherwise: news that are older are none.
USEFUL_FOR: Final = timedelta(days=7)

#: A dot-atom of RFC 5322 3.2.3: no quotes, no comments, no groups, no routes.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@({_LABEL}(?:\.{_LABEL})*)")

_SENDER: Final = re.compile(r"(?:(?P<name>[^<>]*?)\s*<(?P<inner>[^<>]*)>|(?P<bare>[^<>]*))")

#: Line breaks of every kind, terminal escapes, and what turns the direction of writing around.
_BEYOND: Final = r"\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROL: Final = re.compile(rf"[\x00-\x1f{_BEYOND}]")
#: Header libraries decode it, some even where they write: line breaks in it became headers
#: (CVE-2024-6923 of Python itself).
_ENCODED_WORD: Final = "=?"
#: All of these but the tabulator and the end of a line.
_CONTROL_IN_BODY: Final = re.compile(rf"[\x00-\x08\x0b-\x1f{_BEYOND}]")


def recipient(text: str) -> Address:
    """Return the one address that `text` is, in the plain form that every mail system reads alike.

    Raises:
        RecipientRefused: it is none, or several, or in a form that some systems take for another.
    """
    if len(text) > LONGEST_ADDRESS:
        raise RecipientRefused(reason="too_long")
    match = _ADDRESS.fullmatch(text)
    # Decoded by some mail systems, an encoded word is another address.
    if match is None or _ENCODED_WORD in text or len(match[1]) > _LONGEST_LOCAL_PART:
        raise RecipientRefused(reason="syntax")
    return Address(username=match[1], domain=match[2])


def sender(text: str, *, setting: str) -> Address:
    """Return who letters are from: `Name <address>`, or an address alone.

    Raises:
        Misconfigured: it is neither.
    """
    match = None if _unfit_for_header(text) else _SENDER.fullmatch(text.strip())
    try:
        found = recipient((match["inner"] or match["bare"] or "") if match else "")
    except RecipientRefused:
        msg = f"{setting} must look like Name <address@host.example>, or be an address alone."
        raise Misconfigured(msg) from None
    name = (match["name"] or "").strip().strip('"') if match else ""
    return Address(display_name=name, username=found.username, domain=found.domain)


def subject(text: str) -> str:
    """Return the subject without outer space.

    Raises:
        SubjectRefused: it is empty, too long, or holds a control character or an encoded word.
    """
    line = text.strip(" \n")
    if not line or len(line) > LONGEST_SUBJECT:
        raise SubjectRefused(reason="too_long" if line else "empty")
    if _unfit_for_header(line):
        raise SubjectRefused(reason="characters")
    return line


def body(text: str) -> str:
    """Return a text in which nothing is left that a terminal or a mail reader obeys."""
    return _CONTROL_IN_BODY.sub("\N{REPLACEMENT CHARACTER}", text)


def domain_of(public_url: str) -> str:
    """Return the name under which this site speaks to mail systems, never the machine's own.

    Source: RFC 5321 4.1.3 for addresses in place of a name.
    """
    host = urlsplit(public_url).hostname or "localhost"
    try:
        number = ip_address(host)
    except ValueError:
        return host.encode("idna").decode("ascii")
    return f"[IPv6:{number}]" if isinstance(number, IPv6Address) else f"[{number}]"


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts, before chance takes some away."""
    # The power is bounded before it is computed: nobody waits for the hundredth attempt.
    growth: int = _GROWTH ** min(attempts - 1, 10)
    return min(FIRST_WAIT * growth, LONGEST_WAIT)


def _unfit_for_header(text: str) -> bool:
    return _ENCODED_WORD in text or _CONTROL.search(text) is not None
