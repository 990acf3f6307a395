"""What people are told when they have to wait."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, waiting_time

#: The limits of browsers that are not known: a known one has its own.
_OF_STRANGERS: Final = frozenset({"network", "name and network", "account"})


def _wait(facts: Mapping[str, object]) -> str:
    seconds = facts.get("retry_after")
    wait = waiting_time(seconds) if isinstance(seconds, int) else "a while"
    said = f"Too many attempts. Please try again in {wait}."
    if facts.get("limit") in _OF_STRANGERS:
        said += (
            " In a browser in which you signed in before you need not wait."
            " If it is urgent, ask whoever runs this site."
        )
    return said


SENTENCES: Final[Mapping[str, Sentence]] = {"throttling.too_many": _wait}
