"""What the front desk refuses."""

from typing import Final

from flask_gatehouse.core.errors import Held, NotProven

#: Name of the cookie of a browser in which a sign-in is pending.
PENDING: Final = "pending"

#: Name of the cookie of a browser in which the second step is not asked for again.
TRUSTED: Final = "trusted"


class MayNotEnter(NotProven):
    """The account exists and may not be used. To strangers this is a wrong password."""

    code = "login.may_not_enter"


class PendingOver(Held):
    """No sign-in is pending in this browser, or not any more: it begins anew."""

    code = "login.pending_over"
    page = "gatehouse.passwords.login"
    cookie = PENDING


class WrongFactor(NotProven):
    """What was given as a second step is not right."""

    code = "login.wrong_factor"
