"""What people are told when `mail` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed

SENTENCES: Final[Mapping[str, Sentence]] = {
    "mail.recipient_refused": fixed("That is not an e-mail address that letters can be sent to."),
    "mail.subject_refused": fixed("The letter was not written: its subject is not one short line."),
    "mail.no_such_letter": fixed("No letter has this name: gatehouse mail preview lists them."),
    "mail.letter_not_dead": fixed(
        "No letter with this id was given up and can still be sent: its text may be gone."
    ),
    "mail.letter_not_there": fixed(
        "No letter with this id waits or was given up, or it is being delivered just now."
    ),
}
