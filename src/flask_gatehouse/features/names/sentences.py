"""What people are told when `names` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed

SENTENCES: Final[Mapping[str, Sentence]] = {
    "names.stay": fixed("On this site user names stay as they are."),
}
