"""What is counted together, and how long somebody waits who tried too often."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from flask_gatehouse.core.settings import Rate

#: The first wait and the longest one. Source: NIST SP 800-63B-4 3.2.2, which asks for waits that
#: grow from half a minute up to an hour.
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)

#: How long after a wait the next one still counts as one in a row.
MEMORY: Final = timedelta(hours=1)

#: Stands for the network of an address that nobody can read.
UNREADABLE: Final = "unknown"


@dataclass(frozen=True)
class Limit:
    """A rate with a name, under which its counters are kept.

    Args:
        of_name: whether it counts for one name; whoever lifts blocks finds it by that.
        of_network: the same for one network.
    """

    name: str
    rate: Rate
    of_name: bool = False
    of_network: bool = False


@dataclass(frozen=True)
class Tally:
    """One counter, as a store is told of it.

    Args:
        key: 32 bytes that stand for the limit and what it counts.
        who: 32 bytes that stand for the name that was typed, if the limit is about one.
        place: the network, if the limit is about one.
    """

    key: bytes
    limit: str
    rate: Rate
    who: bytes | None = None
    place: str | None = None


@dataclass(frozen=True)
class Hit:
    """The verdict of a store: how often by now, and for how many seconds the window stays."""

    count: int
    seconds_left: int


def wait(strikes: int) -> timedelta:
    """Return the least wait after a limit was crossed: doubled with each time in a row.

    Args:
        strikes: how often it was crossed in a row before.
    """
    doublings = min(strikes, (LONGEST_WAIT // FIRST_WAIT).bit_length())
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << doublings))


def network_of(address: str | None) -> str:
    """Return what counts as one network: an IPv4 address, or the /64 of an IPv6 address.

    Whoever has one IPv6 address commonly has its whole /64. An address that nobody can read
    shares one strict counter with all others like it.
    """
    try:
        found = ip_address(address or "")
    except ValueError:
        return UNREADABLE
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ip_network((found, 64), strict=False))
    return str(found)
