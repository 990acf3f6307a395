"""How long an invitation is good, and how many may be sent."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flask_gatehouse.core.settings import Rate, setting


@dataclass(frozen=True)
class InvitationSettings:
    """Invitations of people who have no account yet."""

    by: Literal["administrators", "members"] = setting(
        "administrators",
        "Who may invite: administrators only, or everybody who has an account, without roles. A "
        "host narrows the latter by a rule of its own.",
    )
    lifetime: timedelta = setting(
        timedelta(hours=24),
        "How long an invitation is good.",
        source="OWASP ASVS 5.0 6.4.1; NIST SP 800-63B-4 4.2.1.2",
        floor=timedelta(minutes=5),
        cap=timedelta(hours=72),
    )
    per_person: Rate = setting(
        Rate(200, timedelta(days=1)), "Invitations that one administrator may send."
    )
    per_member: Rate = setting(
        Rate(20, timedelta(days=1)),
        "Invitations that somebody may send who is no administrator.",
        source="OWASP ASVS 5.0 2.4.1",
    )
    per_address: Rate = setting(
        Rate(5, timedelta(hours=1)), "Invitations that may be sent to one address."
    )
    pause: Rate = setting(
        Rate(1, timedelta(minutes=1)), "Invitations to one address that may follow one another."
    )
