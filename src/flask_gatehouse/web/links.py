"""Addresses of pages of ours, for letters: made of the public URL and of nothing a request says."""

from collections.abc import Callable

from flask_gatehouse.core.house import House
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.web.settings import WebSettings
from flask_gatehouse.web.work import house


def link_to(rule: str) -> Callable[[str], str]:
    """Return what makes the address of a link from its secret.

    Args:
        rule: the path under which such links are, with a slash at both ends.
    """
    base = _base(house())
    return lambda secret: f"{base}{rule}{secret}/"


def login_page(house: House) -> str:
    """Return the address of the page where one logs in."""
    return f"{_base(house)}/login/"


def _base(house: House) -> str:
    settings = house.settings
    prefix = settings[WebSettings].url_prefix.rstrip("/")
    return settings[CoreSettings].public_url.rstrip("/") + prefix
