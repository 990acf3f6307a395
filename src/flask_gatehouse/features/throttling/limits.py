"""Every limit that is kept as a counter, in one list: the page of limits is made of it."""

from dataclasses import dataclass
from typing import Final

from flask_gatehouse.features.throttling.rules import Limit


@dataclass(frozen=True, kw_only=True)
class Limiter:
    """One limit: what it counts, under which key, and what becomes of whoever passes it."""

    name: str
    #: Field of the settings that holds its rate.
    field: str
    counts: str
    key: str
    reaction: str
    of_name: bool = False
    of_network: bool = False

    def under(self, settings: object) -> Limit:
        """Return the limit with the rate that is in force in these settings of its feature."""
        return Limit(
            self.name,
            getattr(settings, self.field),
            of_name=self.of_name,
            of_network=self.of_network,
        )


_WAIT: Final = "429 with `Retry-After`"

NETWORK: Final = Limiter(
    name="network",
    field="network",
    counts="sign-ins from one network in browsers that are not known, whatever the names",
    key="network",
    reaction=f"{_WAIT}; successes count too, and clear nothing",
    of_network=True,
)
NAME_AND_NETWORK: Final = Limiter(
    name="name and network",
    field="name_and_network",
    counts="sign-ins for one name or address from one network, whether or not an account has it",
    key="canonical form of what was typed, and network",
    reaction=f"{_WAIT}; forgotten after a success",
    of_network=True,
    of_name=True,
)
ACCOUNT: Final = Limiter(
    name="account",
    field="account",
    counts="sign-ins for one name or address from all networks, in browsers that are not known",
    key="canonical form of what was typed",
    reaction=f"{_WAIT}; a success takes back its own count and no other",
    of_name=True,
)
DEVICE: Final = Limiter(
    name="device",
    field="device",
    counts="sign-ins in a browser in which the owner of the account signed in before",
    key="known device, and account",
    reaction=f"{_WAIT}; forgotten after a success",
    of_name=True,
)
SESSION: Final = Limiter(
    name="session",
    field="session",
    counts="confirmations by somebody who is signed in",
    key="session",
    reaction="the session ends; forgotten after a success",
)
LINKS: Final = Limiter(
    name="links",
    field="links",
    counts="links and codes of letters that were looked at or used",
    key="network",
    reaction=_WAIT,
    of_network=True,
)

LIMITERS: Final = (NETWORK, NAME_AND_NETWORK, ACCOUNT, DEVICE, SESSION, LINKS)
