"""What limits passkeys. Tries at the second step and confirmations are limited where all are."""

from typing import Final

from flask_gatehouse.features.throttling.limits import Limiter

NETWORK: Final = Limiter(
    name="passkeys network",
    field="network",
    counts="passkeys that were asked for from one network; each is good for one answer",
    key="network",
    reaction="429 with `Retry-After`",
    of_network=True,
)
PERSON: Final = Limiter(
    name="passkeys person",
    field="per_person",
    counts="passkeys that one account began to make",
    key="account",
    reaction="429 with `Retry-After`",
)

LIMITERS: Final = (NETWORK, PERSON)
