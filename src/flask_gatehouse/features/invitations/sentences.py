"""What people are told when `invitations` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed

SENTENCES: Final[Mapping[str, Sentence]] = {
    "invitations.may_not_invite": fixed("Only administrators may invite people."),
    "invitations.unknown": fixed("There is no such invitation."),
    "invitations.already_invited": fixed("Somebody else invited this address just now."),
}
