"""What is counted together."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from flask_gatehouse.core.settings import Rate


@dataclass(frozen=True)
class Limit:
    """A rate with a name, under which its counters are kept."""

    name: str
    rate: Rate


@dataclass(frozen=True)
class Hit:
    """The verdict of a store: how often by now, and for how many seconds the window stays."""

    count: int
    seconds_left: int


def network_of(address: str | None) -> str:
    """Return what counts as one network: an IPv4 address, or the /64 of an IPv6 address.

    Whoever has one IPv6 address commonly has its whole /64. An address that nobody can read
    shares one strict counter with all others like it.
    """
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ip_network((found, 64), strict=False))
    return str(found)
