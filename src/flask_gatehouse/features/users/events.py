"""What happens to accounts."""

from datetime import datetime

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
    #: When that is over by itself; None is never.
    until: datetime | None = None


class UserRestored(Event):
    """A suspended account may be used again."""

    name = "users.restored"
    meaning = "A suspended account may be used again."
    sentence = "Your account was opened again."


class UserDeactivated(Event):
    """An account was put aside: nobody can use it until its owner comes back."""

    name = "users.deactivated"
    meaning = "An account was put aside by its owner, or because nobody had used it for long."
    sentence = "Your account was deactivated, which ended your sign-ins."
    #: Whether that was because nobody had used it.
    idle: bool


class UserReactivated(Event):
    """An account that was put aside is in use again."""

    name = "users.reactivated"
    meaning = "An account that its owner had put aside is in use again."
    sentence = "Your account is in use again."


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


class UserErased(Event):
    """An account is gone, with all that was kept of it."""

    name = "users.erased"
    meaning = "An account was deleted for good; the record keeps its id only."
    #: Nobody is left to read it.
    sentence = None


class AddressAdded(Event):
    """An account has one more address."""

    name = "users.address_added"
    meaning = "An e-mail address was added to an account."
    sentence = "An e-mail address was added to your account."
    #: Whether the person proved that the mailbox is theirs.
    proven: bool


class AddressProven(Event):
    """Somebody proved that a mailbox is theirs."""

    name = "users.address_proven"
    meaning = "Somebody proved that an e-mail address of their account is theirs."
    sentence = "You proved that an e-mail address is yours."


class AddressRemoved(Event):
    """An account has one address less."""

    name = "users.address_removed"
    meaning = "An e-mail address was taken from an account."
    sentence = "An e-mail address was taken from your account."


class PrimaryAddressChanged(Event):
    """Letters go to another address of the account from now on."""

    name = "users.primary_address_changed"
    meaning = "Another e-mail address of an account became the primary one."
    sentence = "Another e-mail address became your primary one."


class UserRenamed(Event):
    """An account has another user name."""

    name = "users.renamed"
    meaning = "The user name of an account was changed."
    sentence = "Your user name was changed."
