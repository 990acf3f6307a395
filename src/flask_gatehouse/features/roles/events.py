"""What happens to roles, and to who has them."""

from datetime import datetime

from flask_gatehouse.core.events import Event


class RoleMade(Event):
    """There is a new role."""

    name = "roles.made"
    meaning = "A role was made."
    # It is about a role, and nobody's own.
    sentence = None
    role: str
    permissions: tuple[str, ...]


class RoleChanged(Event):
    """A role allows something else than before, or is described otherwise."""

    name = "roles.changed"
    meaning = "A role was changed; whoever has it may do something else from the next request on."
    # It is about a role, and nobody's own.
    sentence = None
    role: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


class RoleRemoved(Event):
    """There is a role less, and nobody has it any more."""

    name = "roles.removed"
    meaning = "A role was deleted, and taken away from everybody who had it."
    # It is about a role, and nobody's own.
    sentence = None
    role: str
    #: How many accounts had it.
    accounts: int


class RoleGranted(Event):
    """An account got a role, or has it for another time than before."""

    name = "roles.granted"
    meaning = "An account got a role, or another end of it."
    sentence = "You were given a role."
    role: str
    #: When it is over by itself; None is never.
    until: datetime | None


class RoleRevoked(Event):
    """A role was taken away from an account."""

    name = "roles.revoked"
    meaning = "A role was taken away from an account."
    sentence = "A role was taken away from you."
    role: str
