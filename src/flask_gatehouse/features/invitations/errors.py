"""What `invitations` refuses."""

from flask_gatehouse.core.errors import Conflict, NotAllowed, NotValid


class MayNotInvite(NotAllowed):
    """Whoever asks may invite nobody, or nobody with such a role."""

    code = "invitations.may_not_invite"


class InvitationsClosed(NotAllowed):
    """This site makes no accounts by invitation."""

    code = "invitations.closed"


class UnknownInvitation(NotValid):
    """There is no such invitation, or not any more. The page answers 404."""

    code = "invitations.unknown"


class AlreadyInvited(Conflict):
    """Somebody else invited this address, at the same moment or before a member did."""

    code = "invitations.already_invited"
