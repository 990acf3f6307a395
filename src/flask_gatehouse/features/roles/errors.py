"""What `roles` refuses."""

from flask_gatehouse.core.errors import Conflict, NotAllowed, NotValid


class RoleRefused(NotValid):
    """A role cannot be called, or described, so. Facts: `reason`."""

    code = "roles.refused"


class UnknownRole(NotValid):
    """There is no such role."""

    code = "roles.unknown"


class UndeclaredPermission(NotValid):
    """Nobody declares such a permission. Facts: `permission`."""

    code = "roles.undeclared_permission"


class RoleTaken(Conflict):
    """There is a role of this name."""

    code = "roles.taken"


class ChangedMeanwhile(Conflict):
    """The role allows something else by now than whoever changes it has seen."""

    code = "roles.changed_meanwhile"


class AlreadyOver(NotValid):
    """A role cannot be given until a moment that has passed."""

    code = "roles.already_over"


class HasNoRole(Conflict):
    """The account does not have the role, or no more."""

    code = "roles.not_given"


class BeyondOwnRights(NotAllowed):
    """Nobody hands out, takes away or changes what they may not do themselves."""

    code = "roles.beyond_own_rights"


class OutOfReach(NotAllowed):
    """The other account may do as much or more."""

    code = "roles.out_of_reach"


class NotHere(NotAllowed):
    """Whoever asks is no account of ours, was suspended, or may not do this any more."""

    code = "roles.not_permitted"
