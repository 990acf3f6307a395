"""What people are told when `record` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence


def _no_moment(facts: Mapping[str, object]) -> str:
    return (
        f"What stands in “{facts['field']}” is no time such as 2h, 7d, 2026-01-31 or "
        "2026-01-31T12:00."
    )


def _too_much(facts: Mapping[str, object]) -> str:
    return (
        f"These are more than {facts['most']:,} events. Choose a shorter time, or use "
        "gatehouse audit export."
    )


SENTENCES: Final[Mapping[str, Sentence]] = {
    "record.no_moment": _no_moment,
    "record.too_much": _too_much,
}
