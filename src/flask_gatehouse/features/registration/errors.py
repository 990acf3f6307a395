"""What `registration` refuses."""

from typing import Final

from flask_gatehouse.core.errors import Conflict, Held, NotAllowed, NotValid

#: Name of the cookie of a browser that waits for the letter.
TICKET: Final = "registered"


class RegistrationClosed(NotAllowed):
    """Nobody makes an account of their own here."""

    code = "registration.closed"


class DomainRefused(NotValid):
    """Addresses of this domain may not register."""

    code = "registration.domain_refused"


class TurnedAway(NotValid):
    """The host's own check did not let it pass. Facts: `sentence`, what to tell."""

    code = "registration.turned_away"


class NothingToVerify(Conflict):
    """This browser is not known to wait for a letter."""

    code = "registration.nothing_to_verify"


class PasswordWanted(NotValid):
    """The link was opened in another browser than the one that registered."""

    code = "registration.password_wanted"


class NotVerified(Held):
    """The address of the account has to be proven first."""

    code = "registration.not_verified"
    page = "gatehouse.registration.verify"
    cookie = TICKET
