"""What `mfa` refuses."""

from flask_gatehouse.core.errors import Conflict, Held, NotAllowed, NotValid
from flask_gatehouse.features.login.errors import PENDING


class SecondStepOwed(Held):
    """The account has a factor that was not proven yet."""

    code = "mfa.second_step_owed"
    page = "gatehouse.mfa.ask"
    cookie = PENDING


class FactorWanted(Held):
    """A page asks for two factors, and the account has no second one."""

    code = "mfa.factor_wanted"
    page = "gatehouse.mfa.index"
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


class EnrolmentOwed(Held):
    """A factor is required of the person, and they have none."""

    code = "mfa.enrolment_owed"
    page = "gatehouse.mfa.set_up"
    cookie = PENDING


class FactorsOff(NotAllowed):
    """Nobody can add a factor here."""

    code = "mfa.off"


class LastFactor(Conflict):
    """Whoever has a factor must keep one."""

    code = "mfa.last_factor"


class UnknownTrustedDevice(NotValid):
    """This person has no such browser, whoever else may have it. The page answers 404."""

    code = "mfa.unknown_trusted_device"


class OwnReset(NotAllowed):
    """Nobody takes their own factors away so: they remove them, or somebody else does it."""

    code = "mfa.own_reset"


class NothingToReset(Conflict):
    """The account has no factor."""

    code = "mfa.nothing_to_reset"


class ResetWaits(Conflict):
    """It was asked for before, and waits."""

    code = "mfa.reset_waits"


class NoReset(Conflict):
    """Nothing was asked for, or it was stopped or done meanwhile."""

    code = "mfa.no_reset"
