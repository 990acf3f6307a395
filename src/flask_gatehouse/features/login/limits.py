"""What limits second steps; for the page of limits."""

from typing import Final

from flask_gatehouse.features.throttling.limits import Limiter

STEPS: Final = Limiter(
    name="second steps",
    field="second_steps",
    counts="second steps of sign-ins to one account, in browsers that are not known",
    key="account",
    reaction="429 with `Retry-After`; a success takes back its own count and no other",
)
STEPS_IN_DEVICE: Final = Limiter(
    name="second steps in a device",
    field="second_steps",
    counts="second steps in a browser in which the owner of the account signed in before",
    key="known device, and account",
    reaction="429 with `Retry-After`; a success takes back its own count and no other",
)
FAILURES: Final = Limiter(
    name="second step failures",
    field="step_failures",
    counts="second steps of one account in a row, whatever sign-ins they belong to",
    key="account in its epoch; in a known browser that browser and account",
    reaction="429 with `Retry-After`; begins anew with the next right step, or a new password",
)
TRIES: Final = Limiter(
    name="pending sign-in",
    field="pending_tries",
    counts="second steps of one sign-in",
    key="pending sign-in",
    reaction="the sign-in begins anew",
)
LETTERS: Final = Limiter(
    name="letters about second steps",
    field="refused_step_letters",
    counts="letters to an owner whose first factor somebody knows, and not the second",
    key="account",
    reaction="no further letter; the record has each",
)

LIMITERS: Final = (STEPS, STEPS_IN_DEVICE, FAILURES, TRIES, LETTERS)
