"""What a browser says it is, what people may call it, and how a proof is named. Pure rules."""

import re
from typing import Final

from flask_gatehouse.core.text import label
from flask_gatehouse.features.devices.errors import NameRefused

#: Characters of a name; the column holds as many.
LONGEST_NAME: Final = 64

#: The first mark that stands in the text decides: nearly every browser also claims to be another.
#: No versions, because browsers have stopped telling the true ones.
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("OPiOS/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("python-requests/", "Python"),
)

#: As above. An iPad of today says that it is a Mac, and nothing in the text tells otherwise.
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)

_METHODS: Final = {
    "email": "Letter",
    "host": "Sign-in of this site",
    "key": "Security key",
    "passkey": "Passkey",
    "password": "Password",
    "recovery_code": "Recovery code",
    "totp": "Code from an app",
    "trusted_device": "Browser that is let off the second step",
}


def is_an_id(text: str) -> bool:
    """Whether a device can be named so; anything else is not looked up."""
    return re.fullmatch(r"[A-Za-z0-9_-]{22}", text) is not None


def described(agent: str | None) -> str:
    """Return what a browser says it is, as in `Firefox on Windows`. It may not be true."""
    browser = _first(_BROWSERS, agent or "")
    system = _first(_SYSTEMS, agent or "")
    if browser and system:
        return f"{browser} on {system}"
    if system:
        return f"Unknown browser on {system}"
    return browser or "Unknown browser"


def proven_by(methods: str) -> str:
    """Return how a sign-in was proven, in words."""
    return ", ".join(_METHODS.get(method, method) for method in methods.split())


def acceptable_name(text: str) -> str | None:
    """Return a name as it is kept; None if it is empty, which takes the name away.

    Raises:
        NameRefused: it is too long, or has characters that nobody can see.
    """
    name = label(text, longest=LONGEST_NAME)
    if name is None:
        raise NameRefused(longest=LONGEST_NAME)
    return name or None


def _first(marks: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for mark, name in marks if mark in text), None)
