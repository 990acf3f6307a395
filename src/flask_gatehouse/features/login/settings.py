"""Where people arrive."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import Rate, setting
from flask_gatehouse.web.redirects import safe_path

#: Failures in a row on one account. Source: NIST SP 800-63B-4 3.2.2.
_MOST_FAILURES: Final = 100


@dataclass(frozen=True)
class LoginSettings:
    """What happens around a sign-in."""

    landing: str | None = setting(
        None, "Path on which people arrive who wanted no other page; none is the admin page."
    )
    device_lifetime: timedelta = setting(
        timedelta(days=180),
        "How long a browser is known in which somebody signed in: it is counted by itself, so that "
        "strangers cannot keep the owner of an account waiting.",
        source="OWASP ASVS 5.0 6.1.1",
        floor=timedelta(days=1),
        cap=timedelta(days=400),
    )

    pending_lifetime: timedelta = setting(
        timedelta(minutes=10),
        "How long a sign-in may wait for its second step.",
        source="OWASP ASVS 5.0 6.5.5",
        floor=timedelta(minutes=1),
        cap=timedelta(minutes=15),
        profiles={"asvs-l2": timedelta(minutes=5)},
    )
    pending_tries: int = setting(
        5,
        "Second steps that may be tried in one sign-in.",
        source="NIST SP 800-63B-4 3.2.2",
        floor=1,
        cap=10,
        profiles={"asvs-l2": 3},
    )
    second_steps: Rate = setting(
        Rate(10, timedelta(hours=1)),
        "Second steps that may fail for one account, in browsers that are not known together, and "
        "in each that is known.",
        source="NIST SP 800-63B-4 3.2.2",
    )
    step_failures: Rate = setting(
        Rate(_MOST_FAILURES, timedelta(days=30)),
        "Second steps that may fail for one account without a right one between, in browsers that "
        "are not known together, and in each that is known; a new password begins anew.",
        source="NIST SP 800-63B-4 3.2.2",
    )
    refused_step_letters: Rate = setting(
        Rate(1, timedelta(hours=1)),
        "Letters that tell one person of a right first factor with a wrong second step.",
        source="OWASP ASVS 5.0 6.3.5",
    )

    def __post_init__(self) -> None:
        """Refuse a page of another site, and more failures than the standard allows.

        Raises:
            Misconfigured: one of these was set.
        """
        if self.landing is not None and safe_path(self.landing) is None:
            msg = f"GATEHOUSE_LOGIN_LANDING is {self.landing!r}, but must look like /reports/."
            raise Misconfigured(msg)
        if self.step_failures.times > _MOST_FAILURES:
            msg = (
                f"GATEHOUSE_LOGIN_STEP_FAILURES is {self.step_failures}, but must not be more than "
                f"{_MOST_FAILURES} times."
            )
            raise Misconfigured(msg)
