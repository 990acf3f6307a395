"""Recovery codes as a kind of factor, and as what comes with the first factor of an account."""

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mfa.kinds import FactorKind, SpareCodes
from flask_gatehouse.features.recovery_codes import service
from flask_gatehouse.features.users.models import User


class RecoveryCodes(FactorKind):
    """Something that one has: the paper. By themselves they make no account two-step."""

    method = service.METHOD
    label = "Recovery codes"
    ask = "gatehouse.recovery_codes.ask"
    way = "Use a recovery code"
    add = None
    keep = "gatehouse.recovery_codes.index"
    kept = "Make new codes"
    counts = False
    order = 90

    def is_offered(self, house: House) -> bool:
        """They need nothing, and are always there."""
        del house
        return True


class FirstCodes(SpareCodes):
    """Makes a set when somebody gets their first factor."""

    def issue(self, work: Work, *, user: User) -> tuple[str, ...]:
        """Return the codes, to be shown once."""
        return service.issue(work, user=user)


def kind(house: House) -> RecoveryCodes:
    """Return the kind."""
    del house
    return RecoveryCodes()


def spare(house: House) -> FirstCodes:
    """Return what makes the first set."""
    del house
    return FirstCodes()
