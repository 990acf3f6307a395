"""What is asked of whoever enters the console, besides a permission."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address


@dataclass(frozen=True, kw_only=True)
class ConsoleRules:
    """What is asked of whoever enters the console; put into the house by `admin`."""

    #: From where; none is from everywhere.
    networks: tuple[IPv4Network | IPv6Network, ...]
    #: How recent a proof has to be for changes.
    fresh_for: timedelta
    #: After how long without a request the proof of a session is worth nothing; None is never.
    idle: timedelta | None

    def admit(self, address: str | None) -> bool:
        """Whether the console is entered from an address; None is one that nobody can tell."""
        if not self.networks:
            return True
        return address is not None and any(ip_address(address) in each for each in self.networks)
