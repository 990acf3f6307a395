"""Which members may invite. Whoever has a role for it may as well: see the service."""

from flask_gatehouse.core.house import House
from flask_gatehouse.features.invitations.rules import HostRule
from flask_gatehouse.features.invitations.settings import InvitationSettings
from flask_gatehouse.features.users.models import User


def may_invite(house: House, user: User) -> bool:
    """Whether an account, as it is at this moment, may invite people."""
    if not user.active:
        return False
    if user.is_admin:
        return True
    open_to_members = house.settings[InvitationSettings].by == "members"
    return open_to_members and house.part(HostRule).allows(user)
