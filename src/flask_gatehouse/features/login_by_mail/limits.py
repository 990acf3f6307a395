"""What limits letters by which people log in."""

from typing import Final

from flask_gatehouse.features.throttling.limits import Limiter

NETWORK: Final = Limiter(
    name="login by mail network",
    field="network",
    counts="letters to log in by that were asked for from one network, for whatever names",
    key="network",
    reaction="429 with `Retry-After`",
    of_network=True,
)
ACCOUNT: Final = Limiter(
    name="login by mail account",
    field="account",
    counts="letters to log in by of one account, or for one name that nobody has",
    key="account, or canonical form of what was typed; in a known browser that browser and account",
    reaction="the usual answer, and no letter",
)
CODES: Final = Limiter(
    name="login by mail codes",
    field="codes",
    counts="codes of letters that were typed for one account, over all its letters",
    key="account, or keyed hash of the name for which a letter was asked",
    reaction="the answer to a wrong code; the link of the letter stays good",
)
FAILURES: Final = Limiter(
    name="login by mail failures",
    field="failures",
    counts="codes of letters that were typed for one account since its owner logged in by a letter",
    key="as for the codes",
    reaction="as for the codes; begins anew when the owner logs in by a letter",
)

LIMITERS: Final = (NETWORK, ACCOUNT, CODES, FAILURES)
