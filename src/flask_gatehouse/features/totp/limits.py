"""What limits set-ups of authenticator apps. Codes at the gate are counted by the gate."""

from typing import Final

from flask_gatehouse.features.throttling.limits import Limiter

PERSON: Final = Limiter(
    name="totp person",
    field="per_person",
    counts="set-ups of authenticator apps of one account, and codes that were tried for them",
    key="account",
    reaction="429 with `Retry-After`",
)

LIMITERS: Final = (PERSON,)
