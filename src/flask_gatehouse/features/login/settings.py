"""Where people arrive."""

from dataclasses import dataclass
from datetime import timedelta

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import setting
from flask_gatehouse.web.redirects import safe_path


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

    def __post_init__(self) -> None:
        """Refuse a page that is not on this site. Raises: Misconfigured."""
        if self.landing is not None and safe_path(self.landing) is None:
            msg = f"GATEHOUSE_LOGIN_LANDING is {self.landing!r}, but must look like /reports/."
            raise Misconfigured(msg)
