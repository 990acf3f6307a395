"""What limits letters that set a new password."""

from typing import Final

from flask_gatehouse.features.throttling.limits import Limiter

NETWORK: Final = Limiter(
    name="recovery network",
    field="network",
    counts="letters for a new password that were asked for from one network, for whatever names",
    key="network",
    reaction="429 with `Retry-After`",
    of_network=True,
)
ACCOUNT: Final = Limiter(
    name="recovery account",
    field="account",
    counts="letters for a new password of one account, or for one name that nobody has",
    key="account, or canonical form of what was typed",
    reaction="the usual answer, and no letter",
)

LIMITERS: Final = (NETWORK, ACCOUNT)
