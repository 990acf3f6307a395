"""What happens to invitations."""

from flask_gatehouse.core.events import Event


class InvitationSent(Event):
    """Somebody was invited, or sent the letter again."""

    name = "invitations.sent"
    meaning = "An invitation to make an account was sent, or sent again."
    sentence = "You sent an invitation to make an account."
    administrator: bool


class InvitationRevoked(Event):
    """An invitation was taken back."""

    name = "invitations.revoked"
    meaning = "An invitation to make an account was taken back."
    sentence = "You took back an invitation."


class InvitationAccepted(Event):
    """Somebody made their account by an invitation."""

    name = "invitations.accepted"
    meaning = "Somebody made their account by an invitation."
    sentence = "You made your account by an invitation."
    administrator: bool
