"""What the front desk refuses."""

from flask_gatehouse.core.errors import NotProven


class MayNotEnter(NotProven):
    """The account exists and may not be used. To strangers this is a wrong password."""

    code = "login.may_not_enter"
