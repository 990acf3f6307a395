"""Where an address is, in the words of the host: shown beside the address, and decides nothing."""

import logging
from collections.abc import Callable
from typing import Final

from flask_gatehouse.core.text import one_line

_log = logging.getLogger("gatehouse")

#: What a host plugs in: an address as it stands in the list, to a short text, or None.
Locate = Callable[[str], str | None]

#: Characters of a place that are shown.
LONGEST: Final = 64


class Places:
    """Asks the host where an address is. A page is shown whatever comes of that."""

    def __init__(self, locate: Locate | None = None) -> None:
        """Args: locate: asked with an address; without it nobody knows a place."""
        self._locate = locate

    def of(self, address: str | None) -> str | None:
        """Return a place on one line of at most 64 characters, or None. Escape it as any text."""
        if self._locate is None or not address:
            return None
        try:
            found = self._locate(address)
        except Exception:  # noqa: BLE001 - a page must not fail for something to look at
            _log.exception("locate failed")
            return None
        if not isinstance(found, str):
            return None
        return _short(one_line(found.strip())) or None


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
