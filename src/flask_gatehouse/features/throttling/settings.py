"""How often is too often."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import Rate, setting

_MOST: Final = 100


@dataclass(frozen=True)
class ThrottlingSettings:
    """Limits of attempts to prove something."""

    name_and_network: Rate = setting(
        Rate(10, timedelta(minutes=15)),
        "Sign-ins that may fail for one name from one network before it has to wait.",
        source="NIST SP 800-63B-4 3.2.2",
    )
    network: Rate = setting(
        Rate(60, timedelta(minutes=10)),
        "Sign-ins that may be tried from one network, for whatever names.",
        source="OWASP Credential Stuffing Prevention cheat sheet",
    )
    links: Rate = setting(
        Rate(30, timedelta(minutes=10)),
        "Links for setting a password that one network may try.",
    )

    def __post_init__(self) -> None:
        """Refuse a limit that limits nothing. Raises: Misconfigured.

        Source: NIST SP 800-63B-4 3.2.2, at most 100 failures of one account.
        """
        rate = self.name_and_network
        if rate.times > _MOST:
            msg = (
                f"GATEHOUSE_THROTTLING_NAME_AND_NETWORK is {rate}, but must be at most {_MOST} "
                "times, whatever the window."
            )
            raise Misconfigured(msg)
