"""Why somebody looks. Pure rules."""

from typing import Final

from flask_gatehouse.core.text import label
from flask_gatehouse.features.viewing.errors import ReasonRefused

#: Characters of a reason; the column holds as many.
LONGEST_REASON: Final = 200


def reason(text: str) -> str:
    """Return a reason as it is kept.

    Raises:
        ReasonRefused: there is none, it is too long, or has characters that nobody can see.
    """
    kept = label(text, longest=LONGEST_REASON)
    if not kept:
        raise ReasonRefused
    return kept
