"""What people are told when `invitations` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed

SENTENCES: Final[Mapping[str, Sentence]] = {
    "invitations.may_not_invite": fixed("You may not invite people, or not with this role."),
    "invitations.closed": fixed("This site makes no accounts by invitation."),
    "invitations.unknown": fixed("There is no such invitation."),
    "invitations.already_invited": fixed("Somebody else has invited this address already."),
}
