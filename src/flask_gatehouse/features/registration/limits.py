"""What limits new accounts and the letters about them."""

from typing import Final

from flask_gatehouse.features.throttling.limits import Limiter

_WAIT: Final = "429 with `Retry-After`"

NETWORK: Final = Limiter(
    name="registration network",
    field="network",
    counts="accounts that were asked for from one network, whether they were made or not",
    key="network",
    reaction=_WAIT,
    of_network=True,
)
LETTERS: Final = Limiter(
    name="registration letters",
    field="letters",
    counts="letters about new accounts to one address",
    key="canonical form of the address",
    reaction="the usual answer, and no letter",
)
PAUSE: Final = Limiter(
    name="registration pause",
    field="pause",
    counts="letters of one new account that were asked for once more",
    key="account",
    reaction=_WAIT,
)

LIMITERS: Final = (NETWORK, LETTERS, PAUSE)
