"""What people are told when `recovery_codes` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed

SENTENCES: Final[Mapping[str, Sentence]] = {
    "recovery_codes.nothing_to_spare": fixed(
        "Recovery codes stand in for a second factor, and your account has none yet. They come "
        "with the first one that you add."
    ),
}
