"""What happens to accounts."""

from flask_gatehouse.core.events import Event


class UserCreated(Event):
    """An account was made."""

    name = "users.created"
    meaning = "An account was made."
    sentence = "Your account was made."
    administrator: bool


class UserSuspended(Event):
    """An account was suspended; its sessions ended."""

    name = "users.suspended"
    meaning = "An account was suspended, which ends its sessions."
    sentence = "Your account was suspended, which ended your sign-ins."


class UserRestored(Event):
    """A suspended account may be used again."""

    name = "users.restored"
    meaning = "A suspended account may be used again."
    sentence = "Your account was opened again."


class AdministratorMade(Event):
    """Somebody became an administrator."""

    name = "users.administrator_made"
    meaning = "Somebody became an administrator."
    sentence = "You became an administrator."


class AdministratorUnmade(Event):
    """Somebody is no longer an administrator."""

    name = "users.administrator_unmade"
    meaning = "Somebody is no longer an administrator."
    sentence = "You are no longer an administrator."
