"""What whoever sees the site as somebody else may ask for."""

from dataclasses import dataclass

from flask_gatehouse.core.errors import NotAllowed


class OnlyLooking(NotAllowed):
    """Whoever sees the site as somebody else may look, and does nothing in their name."""

    code = "web.only_looking"


@dataclass(frozen=True)
class ViewRules:
    """What is allowed on pages of the host; put into the house by `viewing`."""

    #: Whether they take forms from whoever sees the site as somebody else.
    changes: bool
