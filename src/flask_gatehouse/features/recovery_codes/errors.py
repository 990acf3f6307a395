"""What `recovery_codes` refuses."""

from flask_gatehouse.core.errors import Conflict


class NothingToSpare(Conflict):
    """The account has no factor in whose place a recovery code could be asked for."""

    code = "recovery_codes.nothing_to_spare"
