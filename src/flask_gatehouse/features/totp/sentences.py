"""What people are told when `totp` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed

SENTENCES: Final[Mapping[str, Sentence]] = {
    "totp.setup_over": fixed(
        "This took too long, or was begun anew elsewhere. Please begin again."
    ),
    "totp.wrong_code": fixed(
        "That is not the code that the app shows now. If it stays wrong, let the device with the "
        "app set its clock by the network."
    ),
    "totp.not_offered": fixed("This site offers no authenticator apps."),
}
