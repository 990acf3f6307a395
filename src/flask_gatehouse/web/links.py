"""Addresses of pages of ours, for letters: made of the public URL and of nothing a request says."""

from collections.abc import Callable

from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.web.settings import WebSettings
from flask_gatehouse.web.work import house


def link_to(rule: str) -> Callable[[str], str]:
    """Return what makes the address of a link from its secret.

    Args:
        rule: the path under which such links are, with a slash at both ends.
    """
    settings = house().settings
    base = settings[CoreSettings].public_url.rstrip("/")
    prefix = settings[WebSettings].url_prefix.rstrip("/")
    return lambda secret: f"{base}{prefix}{rule}{secret}/"
