"""Where a browser may be sent: to a path of this site, and nowhere else.

One function, called where the redirect is made and not only where the wish was heard, because what
was checked once may be another copy later.
"""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

#: Longest return path; a longer one is dropped, so that it fits into any header.
LONGEST: Final = 2048

#: Printable ASCII without space, quotes, angle brackets and backslash.
_PLAIN: Final = re.compile(r"/[!#-;=?-\[\]_a-zA-Z~]*", re.ASCII)


def safe_path(wanted: object) -> str | None:
    """Return `wanted` if a browser reads it as a path of this site, else None.

    Refused are all schemes and hosts, and every spelling that a browser, a proxy or a second
    decoding could read as one: backslashes, control characters, double slashes, dot segments,
    also percent-encoded once or twice. What is in the query is never read as a host.

    Source: OWASP ASVS 5.0 3.7.2; WHATWG URL, 4.4.
    """
    if not isinstance(wanted, str) or len(wanted) > LONGEST or not _PLAIN.fullmatch(wanted):
        return None
    path = re.split(r"[?#]", wanted, maxsplit=1)[0]
    for _ in range(3):
        if _may_leave(path):
            return None
        path = unquote(path)
    return wanted


def _may_leave(path: str) -> bool:
    if "//" in path or "\\" in path or any(map(_is_control, path)):
        return True
    return any(segment in {".", ".."} for segment in path.split("/"))


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) == "Cc"
