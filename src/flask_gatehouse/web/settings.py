"""Settings of the web side."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import Size, setting
from flask_gatehouse.web.redirects import safe_path


@dataclass(frozen=True)
class WebSettings:
    """How pages are served."""

    url_prefix: str = setting("", "Path under which all pages are found, such as /auth.")
    headers: Literal["own", "all"] = setting(
        "own", "Which answers carry the security headers: those of our own pages, or all."
    )
    hsts_max_age: timedelta = setting(
        timedelta(days=730),
        "How long browsers insist on https once they have seen the site with it.",
        source="OWASP ASVS 5.0 3.4.1 (at least one year)",
        floor=timedelta(days=365),
    )
    form_limit: Size = setting(Size(64 * 1024), "Largest body that our own pages read.")
    form_lifetime: timedelta = setting(
        timedelta(hours=24), "How long a form that was opened may still be sent."
    )

    def __post_init__(self) -> None:
        """Refuse a prefix under which no page could be found. Raises: Misconfigured."""
        if self.url_prefix and (safe_path(self.url_prefix) is None or "?" in self.url_prefix):
            msg = f"GATEHOUSE_WEB_URL_PREFIX is {self.url_prefix!r}, but must look like /auth."
            raise Misconfigured(msg)
