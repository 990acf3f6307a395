"""What limits invitations."""

from typing import Final

from flask_gatehouse.features.throttling.limits import Limiter

_WAIT: Final = "429 with `Retry-After`"

PERSON: Final = Limiter(
    name="invitations person",
    field="per_person",
    counts="invitations that one administrator sent, by whatever page",
    key="account",
    reaction=_WAIT,
)
MEMBER: Final = Limiter(
    name="invitations member",
    field="per_member",
    counts="invitations that somebody sent who is no administrator",
    key="account",
    reaction=_WAIT,
)
ADDRESS: Final = Limiter(
    name="invitations address",
    field="per_address",
    counts="invitations to one address, whoever sent them",
    key="canonical form of the address",
    reaction=_WAIT,
)
PAUSE: Final = Limiter(
    name="invitations pause",
    field="pause",
    counts="invitations to one address that follow one another",
    key="canonical form of the address",
    reaction=_WAIT,
)

LIMITERS: Final = (PERSON, MEMBER, ADDRESS, PAUSE)
