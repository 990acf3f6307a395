"""What `recovery` refuses."""

from flask_gatehouse.core.errors import Conflict


class RecoveryClosed(Conflict):
    """This site sends no letters that set a new password."""

    code = "recovery.closed"


class NoAddress(Conflict):
    """The account has no address to which a letter could go."""

    code = "recovery.no_address"
