"""What people are told when `passkeys` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed

SENTENCES: Final[Mapping[str, Sentence]] = {
    "passkeys.refused": fixed("That passkey did not work here. Please try again."),
    "passkeys.unknown": fixed("This passkey is not known here. It may have been removed."),
    "passkeys.already_there": fixed("This passkey is in use here already. Choose another one."),
    "passkeys.not_offered": fixed("This site takes no passkeys."),
}
