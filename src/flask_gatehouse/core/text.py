"""Text from outside, made safe to write down."""

import re
from typing import Final

#: Line breaks, terminal escapes, direction marks, and what no database takes.
_CONTROLS: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def one_line(text: str) -> str:
    """Return text on one line, without anything that a terminal or a log reader obeys."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def label(text: str, *, longest: int) -> str | None:
    """Return what somebody calls a thing as it is kept: empty is no name.

    None if it is too long, or has characters that nobody can see.
    """
    name = " ".join(text.split(" ")).strip()
    if len(name) > longest or one_line(name) != name or (name and not name.isprintable()):
        return None
    return name
