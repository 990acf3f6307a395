"""What people are told when `recovery` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed

SENTENCES: Final[Mapping[str, Sentence]] = {
    "recovery.closed": fixed("This site sends no letters that set a new password."),
    "recovery.no_address": fixed(
        "This account has no e-mail address to which a letter could go, or may not be used."
    ),
}
