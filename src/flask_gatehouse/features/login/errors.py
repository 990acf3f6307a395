"""What the front desk refuses."""

from typing import ClassVar

from flask_gatehouse.core.errors import NotAllowed, NotProven


class MayNotEnter(NotProven):
    """The account exists and may not be used. To strangers this is a wrong password."""

    code = "login.may_not_enter"


class Held(NotAllowed):
    """What was proven is right and not enough yet: a step holds the door. Nothing is opened.

    Each step has a class of its own, and the page on which the person goes on.
    """

    code = "login.held"

    #: Endpoint of the page.
    page: ClassVar[str]
    #: Name of the cookie in which that page looks for what it needs to know.
    cookie: ClassVar[str]

    def __init__(self, *, hand: str) -> None:
        """Args: hand: what the browser is given for that page, and nobody else."""
        self.hand = hand
        super().__init__()
