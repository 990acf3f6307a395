"""Whether and how a password that was forgotten can be replaced."""

from dataclasses import dataclass
from datetime import timedelta

from flask_gatehouse.core.settings import Rate, setting


@dataclass(frozen=True)
class RecoverySettings:
    """The way back by a letter."""

    enabled: bool = setting(
        default=True, meaning="Whether people can have a letter sent that sets a new password."
    )
    lifetime: timedelta = setting(
        timedelta(minutes=30),
        "How long the link and the code of such a letter are good.",
        source="OWASP ASVS 5.0 6.4.3; NIST SP 800-63B-4 4.2.1.2",
        floor=timedelta(minutes=5),
        cap=timedelta(hours=24),
        profiles={"asvs-l2": timedelta(minutes=15)},
    )
    account: Rate = setting(
        Rate(3, timedelta(hours=1)),
        "Letters that one account gets; more are asked for without anybody being told.",
        source="OWASP Forgot Password cheat sheet",
    )
    network: Rate = setting(
        Rate(20, timedelta(hours=1)), "Letters that one network may ask for, for whatever names."
    )
