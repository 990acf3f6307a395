"""Settings of the web side."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flask_gatehouse.core.settings import Size, setting


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
