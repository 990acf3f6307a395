"""What people are told when `viewing` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed
from flask_gatehouse.features.viewing.rules import LONGEST_REASON

SENTENCES: Final[Mapping[str, Sentence]] = {
    "viewing.reason_refused": fixed(
        f"Say why, in 1 to {LONGEST_REASON} characters, all of which can be seen."
    ),
    "viewing.not_in_use": fixed("This account is not in use, so its owner sees nothing."),
    "viewing.over": fixed("That is over already. Log in to go on."),
}
