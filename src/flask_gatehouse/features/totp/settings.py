"""Whether and how codes of authenticator apps are taken."""

from dataclasses import dataclass
from datetime import timedelta

from flask_gatehouse.core.settings import Rate, setting


@dataclass(frozen=True)
class TotpSettings:
    """Codes from authenticator apps."""

    enabled: bool = setting(
        default=True,
        meaning="Whether people can add an authenticator app, if the extra `totp` is installed. "
        "Those that were added stay asked for.",
    )
    previous_step: bool = setting(
        default=True,
        meaning="Whether the code that an app showed up to half a minute ago is taken as well.",
        source="OWASP ASVS 5.0 6.5.5; RFC 6238 5.2",
        profiles={"asvs-l2": False},
    )
    per_person: Rate = setting(
        Rate(30, timedelta(hours=1)),
        "Set-ups of authenticator apps that one account may begin, and codes that it may try for "
        "them.",
    )
