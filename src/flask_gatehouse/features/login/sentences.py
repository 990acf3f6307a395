"""What people are told when the front desk refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed

SENTENCES: Final[Mapping[str, Sentence]] = {
    "login.pending_over": fixed("Please log in again."),
    "login.wrong_factor": fixed("That is not right, or was used before."),
}
