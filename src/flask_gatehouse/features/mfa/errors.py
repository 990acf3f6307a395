"""What `mfa` refuses."""

from flask_gatehouse.core.errors import Conflict, NotProven


class WrongFactor(NotProven):
    """The second proof is not right."""

    code = "mfa.wrong_factor"


class TooManyFactors(Conflict):
    """The account has as many as it may."""

    code = "mfa.too_many"
