"""What limits sign-ins by password beside the counters of `throttling`; for the page of limits."""

from typing import Final

from flask_gatehouse.features.throttling.limits import Limiter

FAILURES: Final = Limiter(
    name="password",
    field="failures",
    counts="wrong passwords of one account in a row, the last fifth in known browsers only",
    key="account",
    reaction=(
        "the password is disabled, the answer is that to a wrong one, and the owner gets a "
        "letter; begins anew after a success or with a new password"
    ),
)
SLOTS: Final = Limiter(
    name="hashing",
    field="hash_slots",
    counts="hashes computed at once",
    key="process",
    reaction="503 with `Retry-After`",
)

LIMITERS: Final = (FAILURES, SLOTS)
