"""What limits letters about addresses."""

from typing import Final

from flask_gatehouse.features.throttling.limits import Limiter

_WAIT: Final = "429 with `Retry-After`"

NETWORK: Final = Limiter(
    name="addresses network",
    field="network",
    counts="changes of addresses from one network, whosever they are",
    key="network",
    reaction=_WAIT,
    of_network=True,
)
PERSON: Final = Limiter(
    name="addresses person",
    field="per_person",
    counts="changes of the addresses of one account",
    key="account",
    reaction=_WAIT,
)
PAUSE: Final = Limiter(
    name="addresses pause",
    field="pause",
    counts="letters that follow one another to an address that is to be added",
    key="canonical form of the address",
    reaction=_WAIT,
)
ADDRESS: Final = Limiter(
    name="addresses address",
    field="per_address",
    counts="letters to one address that is to be added, by whatever account",
    key="canonical form of the address",
    reaction=_WAIT,
)

LIMITERS: Final = (NETWORK, PERSON, PAUSE, ADDRESS)
