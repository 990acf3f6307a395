"""How often is too often."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import Rate, key_of, setting

_MOST: Final = 100

#: What one source may try on one account.
_OF_ONE_SOURCE: Final = ("name_and_network", "device", "session")


@dataclass(frozen=True)
class ThrottlingSettings:
    """Limits of attempts to prove something."""

    name_and_network: Rate = setting(
        Rate(10, timedelta(minutes=15)),
        "Sign-ins that may fail for one name from one network before it has to wait.",
        source="NIST SP 800-63B-4 3.2.2",
        profiles={"asvs-l2": Rate(5, timedelta(minutes=15))},
    )
    network: Rate = setting(
        Rate(60, timedelta(minutes=10)),
        "Sign-ins that may be tried from one network, for whatever names.",
        source="OWASP Credential Stuffing Prevention cheat sheet",
        profiles={"asvs-l2": Rate(30, timedelta(minutes=10))},
    )
    account: Rate = setting(
        Rate(30, timedelta(hours=1)),
        "Sign-ins that may fail for one name from all networks together, before browsers that are "
        "not known have to wait.",
        source="NIST SP 800-63B-4 3.2.2; OWASP ASVS 5.0 6.1.1",
        profiles={"asvs-l2": Rate(15, timedelta(hours=1))},
    )
    device: Rate = setting(
        Rate(10, timedelta(minutes=15)),
        "Sign-ins that may fail in a browser in which the owner of the account signed in before.",
        source="NIST SP 800-63B-4 3.2.2",
        profiles={"asvs-l2": Rate(5, timedelta(minutes=15))},
    )
    session: Rate = setting(
        Rate(10, timedelta(minutes=15)),
        "Confirmations that may fail in one session before it ends.",
        source="OWASP ASVS 5.0 7.5.1",
        profiles={"asvs-l2": Rate(5, timedelta(minutes=15))},
    )
    links: Rate = setting(
        Rate(30, timedelta(minutes=10)),
        "Links and codes of letters that one network may try.",
    )

    def __post_init__(self) -> None:
        """Refuse a limit that limits nothing. Raises: Misconfigured.

        Source: NIST SP 800-63B-4 3.2.2, at most 100 failures of one account.
        """
        for name in _OF_ONE_SOURCE:
            rate: Rate = getattr(self, name)
            if rate.times > _MOST:
                msg = (
                    f"{key_of('throttling', name)} is {rate}, but must be at most {_MOST} "
                    "times, whatever the window."
                )
                raise Misconfigured(msg)
