"""What `mfa` refuses."""

from flask_gatehouse.core.errors import Conflict, Held, NotValid
from flask_gatehouse.features.login.errors import PENDING


class SecondStepOwed(Held):
    """The account has a factor that was not proven yet."""

    code = "mfa.second_step_owed"
    page = "gatehouse.mfa.ask"
    cookie = PENDING


class UnknownFactor(NotValid):
    """This person has no such factor, whoever else may have it. The page answers 404."""

    code = "mfa.unknown_factor"


class FactorNameRefused(NotValid):
    """A factor cannot be called so. Facts: `longest`."""

    code = "mfa.name_refused"


class TooManyFactors(Conflict):
    """The account has as many factors as it may. Facts: `most`."""

    code = "mfa.too_many"


class LastWayIn(Conflict):
    """Without it the person could not sign in any more."""

    code = "mfa.last_way_in"
