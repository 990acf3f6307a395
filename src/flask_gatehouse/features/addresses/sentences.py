"""What people are told when `addresses` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed


def _held(facts: Mapping[str, object]) -> str:
    return (
        "A letter to this address can still make it the primary one again. "
        f"It can be removed from {facts['until']}."
    )


SENTENCES: Final[Mapping[str, Sentence]] = {
    "addresses.there_already": fixed("Your account has this address already, and it is confirmed."),
    "addresses.held": _held,
}
