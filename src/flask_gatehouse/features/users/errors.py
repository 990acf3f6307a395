"""What `users` refuses."""

from flask_gatehouse.core.errors import Conflict, NotValid


class NameRefused(NotValid):
    """The user name cannot be used. Facts: `reason`."""

    code = "users.name_refused"


class AddressRefused(NotValid):
    """The e-mail address cannot be used. Facts: `reason`."""

    code = "users.address_refused"


class NameTaken(Conflict):
    """Somebody has this user name."""

    code = "users.name_taken"


class AddressTaken(Conflict):
    """Somebody has this e-mail address."""

    code = "users.address_taken"


class UnknownUser(NotValid):
    """There is no such account."""

    code = "users.unknown"


class LastAdministrator(Conflict):
    """The site would be left without an active administrator."""

    code = "users.last_administrator"


class Suspended(Conflict):
    """The account is suspended."""

    code = "users.suspended"


class SuspensionRefused(NotValid):
    """An account cannot be suspended so. Facts: `reason`."""

    code = "users.suspension_refused"


class NotDeactivated(Conflict):
    """The account was not put aside by its owner."""

    code = "users.not_deactivated"


class SetupClosed(Conflict):
    """The first administrator exists, or the link is not the one that was handed out."""

    code = "users.setup_closed"


class UnknownAddress(NotValid):
    """The account has no such address."""

    code = "users.unknown_address"


class AddressUnproven(Conflict):
    """Nobody has proven yet that they read this mailbox."""

    code = "users.address_unproven"


class PrimaryAddress(Conflict):
    """It is the primary address of the account."""

    code = "users.primary_address"


class LastProvenAddress(Conflict):
    """The account would be left without an address that was proven."""

    code = "users.last_proven_address"


class NotAsItWas(Conflict):
    """The account was opened, suspended, changed or deleted meanwhile."""

    code = "users.not_as_it_was"
