"""What `invitations` refuses."""

from flask_gatehouse.core.errors import Conflict, NotAllowed, NotValid


class MayNotInvite(NotAllowed):
    """Only active administrators invite."""

    code = "invitations.may_not_invite"


class UnknownInvitation(NotValid):
    """There is no such invitation, or not any more. The page answers 404."""

    code = "invitations.unknown"


class AlreadyInvited(Conflict):
    """Somebody else invited this address at the same moment."""

    code = "invitations.already_invited"
