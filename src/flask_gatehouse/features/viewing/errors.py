"""What `viewing` refuses."""

from flask_gatehouse.core.errors import Conflict, NotValid


class ReasonRefused(NotValid):
    """Nobody looks without a reason that can be kept."""

    code = "viewing.reason_refused"


class NotInUse(Conflict):
    """The account is suspended or closed: there is nothing that its owner would see."""

    code = "viewing.not_in_use"


class ViewOver(Conflict):
    """There is no view to end, or nothing to come back to any more."""

    code = "viewing.over"
