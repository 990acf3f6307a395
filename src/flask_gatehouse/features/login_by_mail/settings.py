"""Whether and how people log in by a letter."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import Rate, setting

#: Failures in a row on one account. Source: NIST SP 800-63B-4 3.2.2.
_MOST_FAILURES: Final = 100


@dataclass(frozen=True)
class LoginByMailSettings:
    """The way in by a letter."""

    allowed: bool = setting(
        default=False,
        meaning="Whether people can log in by a letter; under a strict profile the site does not "
        "start with it.",
        source="OWASP ASVS 5.0 6.3.6; NIST SP 800-63B-4 3.1.3.1",
        profiles={"asvs-l2": False},
    )
    lifetime: timedelta = setting(
        timedelta(minutes=10),
        "How long the link and the code of such a letter are good.",
        source="OWASP ASVS 5.0 6.5.5; NIST SP 800-63B-4 3.1.3.2",
        floor=timedelta(minutes=2),
        cap=timedelta(minutes=10),
    )
    account: Rate = setting(
        Rate(5, timedelta(hours=1)),
        "Letters to log in by that one account gets; more are asked for without anybody being "
        "told. A browser in which its owner logged in before is counted by itself.",
    )
    network: Rate = setting(
        Rate(20, timedelta(hours=1)),
        "Letters to log in by that one network may ask for, for whatever names.",
    )
    codes: Rate = setting(
        Rate(10, timedelta(hours=1)),
        "Codes that are looked at for one account, whatever letters they stand in; another letter "
        "does not begin anew. The link of the letter stays good.",
        source="OWASP ASVS 5.0 6.6.3; NIST SP 800-63B-4 3.1.3.2",
    )
    failures: Rate = setting(
        Rate(_MOST_FAILURES, timedelta(days=30)),
        "Codes that are looked at for one account without its owner having logged in by a letter "
        "between; after that only the link of a letter opens anything, and then codes do again.",
        source="NIST SP 800-63B-4 3.2.2",
    )

    def __post_init__(self) -> None:
        """Refuse more failures than the standard allows. Raises: Misconfigured."""
        if self.failures.times > _MOST_FAILURES:
            msg = (
                f"GATEHOUSE_LOGIN_BY_MAIL_FAILURES is {self.failures}, but must not be more than "
                f"{_MOST_FAILURES} times."
            )
            raise Misconfigured(msg)
