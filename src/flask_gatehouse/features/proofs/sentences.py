"""What people are told when `proofs` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed

SENTENCES: Final[Mapping[str, Sentence]] = {
    "proofs.spent": fixed("This link was used, has expired, or never was. Ask for a new one."),
    "proofs.wrong_code": fixed(
        "That is not the code of the newest letter. After five wrong ones only its link works."
    ),
}
