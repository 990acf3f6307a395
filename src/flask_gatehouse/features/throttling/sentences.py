"""What people are told when they have to wait."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, waiting_time


def _wait(facts: Mapping[str, object]) -> str:
    seconds = facts.get("retry_after")
    wait = waiting_time(seconds) if isinstance(seconds, int) else "a while"
    return f"Too many attempts. Please try again in {wait}."


SENTENCES: Final[Mapping[str, Sentence]] = {"throttling.too_many": _wait}
