"""Where may be sent to, who is told what, when it is tried again, and how it is signed.

Source: Standard Webhooks 1.0.
"""

import hmac
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from flask_gatehouse.core.site import is_this_machine
from flask_gatehouse.features.webhooks.errors import EventsRefused, NotReachable, UrlRefused

#: Characters of the address of a receiver.
LONGEST_URL: Final = 500

#: Characters of why a delivery was not taken.
LONGEST_REASON: Final = 100

#: How a secret begins, as people hand it on.
_SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what stands in front of one

#: Random bytes of a secret. Source: Standard Webhooks 1.0 wants 24 to 64.
_SECRET_BYTES: Final = 32

#: What stands for every event, and behind the name of a family.
EVERYTHING: Final = "*"
_FAMILY: Final = ".*"

#: What is told by `gatehouse webhooks test`, and is no event of the record.
PING: Final = "ping"

#: Events of this family go to nobody: a failure that is told would make the next one.
OWN_FAMILY: Final = "webhooks"

#: How long to wait after the first attempt that failed, how much longer after each, and at most.
FIRST_WAIT: Final = timedelta(seconds=10)
_GROWTH: Final = 4
LONGEST_WAIT: Final = timedelta(hours=6)

#: Printable ASCII without spaces, quotes and backslashes, which clients read differently.
_PLAIN: Final = re.compile(r"[\x21\x23-\x3b\x3d\x3f-\x5b\x5d-\x5f\x61-\x7e]+")

#: Addresses of IPv4 in the clothes of IPv6. Source: RFC 6052 2.1.
_NAT64: Final = IPv6Network("64:ff9b::/96")

#: All that IPv6 has for the internet until now. Source: RFC 4291 2.4; RFC 3587.
_UNICAST: Final = IPv6Network("2000::/3")

#: What has a purpose of its own. Those that the registries call reachable are here too: nobody has
#: a receiver there. Releases of Python know different ones.
#: Source: IANA's registries of special purposes for IPv4 and IPv6; RFC 5771 3.
_SPECIAL: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            # Teredo, benchmarks, ORCHID and the like.
            "2001::/23",
            "2001:db8::/32",
            # 6to4, whichever address is in it: given up by RFC 7526.
            "2002::/16",
            "2620:4f:8000::/48",
            "3fff::/20",
        ),
    )
)


def url(text: str, *, private_hosts: Collection[str]) -> str:
    """Return the address of a receiver, as it is kept.

    Args:
        private_hosts: hosts at which addresses may be private; if it is this machine, http does.

    Raises:
        UrlRefused: nothing may be sent there.
    """
    if len(text) > LONGEST_URL:
        raise UrlRefused(reason="too_long")
    parts = _split(text)
    host = parts.hostname or ""
    named = is_named(host, private_hosts)
    here = named and is_this_machine(host)
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise UrlRefused(reason="scheme")
    if "@" in parts.netloc:
        raise UrlRefused(reason="secret_in_it")
    if not named and (is_this_machine(host) or not _may_be_public(host)):
        raise UrlRefused(reason="private")
    return text


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise UrlRefused(reason="form") from error
    if not _PLAIN.fullmatch(text) or not parts.hostname or "#" in text:
        raise UrlRefused(reason="form")
    return parts


def _may_be_public(host: str) -> bool:
    """Whether a host is a name, of which nobody knows yet, or a public address."""
    try:
        return is_public(ip_address(host))
    except ValueError:
        return True


def is_named(host: str, hosts: Collection[str]) -> bool:
    """Whether a host is one of those that were named, however it is spelt."""
    return host.casefold().removesuffix(".") in {each.casefold().strip("[]") for each in hosts}


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is out in the internet, and not something inside some network.

    Source: OWASP ASVS 5.0 1.3.6; RFC 6890 and the registries of IANA that it made.
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in _UNICAST:
            return False
    return address.is_global and not any(address in each for each in _SPECIAL)


def checked(addresses: Iterable[str], *, private: bool) -> list[str]:
    """Return the addresses of a host, to one of which may be sent.

    Args:
        private: whether the host was named as one at which they may be private.

    Raises:
        NotReachable: one of them is not public, so that the name cannot be believed; or none.
    """
    found = list(dict.fromkeys(addresses))
    if not found:
        raise NotReachable("the name has no address")
    if not private and not all(is_public(ip_address(each.partition("%")[0])) for each in found):
        raise NotReachable("the name leads into a network")
    return found


def wants(asked: Iterable[str], *, known: Collection[str]) -> list[str]:
    """Return the events and families that are asked for, without doubles and in order.

    Raises:
        EventsRefused: one of them is not known, or there is none.
    """
    families = {name.partition(".")[0] for name in known}
    found = sorted({each for each in asked if each})
    for each in found:
        family = each.removesuffix(_FAMILY)
        is_family = each == EVERYTHING or (each.endswith(_FAMILY) and family in families)
        if family == OWN_FAMILY or each.startswith(f"{OWN_FAMILY}."):
            raise EventsRefused(wanted=each)
        if not is_family and each not in known:
            raise EventsRefused(wanted=each[:64])
    if not found:
        raise EventsRefused(wanted="")
    return found


def is_wanted(event: str, wanted: Collection[str]) -> bool:
    """Whether somebody who wants this is told of an event."""
    family = event.partition(".")[0]
    if family == OWN_FAMILY:
        return False
    return EVERYTHING in wanted or event in wanted or family + _FAMILY in wanted


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after so many failed attempts, before chance takes some away."""
    growth: int = _GROWTH ** min(max(tries - 1, 0), 10)
    return min(FIRST_WAIT * growth, LONGEST_WAIT)


def new_secret() -> str:
    """Return a secret as it is handed to a receiver."""
    return _SECRET_PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return one signature of what is sent."""
    key = b64decode(secret.removeprefix(_SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def delivery_id(text: str) -> UUID | None:
    """Return the id that a name such as `msg_…` stands for; None if it is no such name."""
    match = re.fullmatch(r"msg_([0-9a-f]{32})", text)
    return UUID(match[1]) if match else None
