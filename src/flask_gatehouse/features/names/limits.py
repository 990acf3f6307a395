"""What limits changes of user names."""

from typing import Final

from flask_gatehouse.features.throttling.limits import Limiter

PERSON: Final = Limiter(
    name="names person",
    field="per_person",
    counts="user names that one account asked for, whether or not somebody has them",
    key="account",
    reaction="429 with `Retry-After`",
)

LIMITERS: Final = (PERSON,)
