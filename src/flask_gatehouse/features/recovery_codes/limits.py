"""What limits new sets of recovery codes. Codes at the gate are counted by the gate."""

from typing import Final

from flask_gatehouse.features.throttling.limits import Limiter

PERSON: Final = Limiter(
    name="recovery_codes person",
    field="per_person",
    counts="sets of recovery codes that one account made",
    key="account",
    reaction="429 with `Retry-After`",
)

LIMITERS: Final = (PERSON,)
