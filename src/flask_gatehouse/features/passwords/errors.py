"""What this feature refuses, and why."""

from enum import StrEnum
from typing import Final

from flask_gatehouse.core.errors import Held, NotProven, NotValid, Overloaded

#: Name of the cookie of a browser in which the way back is open.
RETURN_COOKIE: Final = "return"


class Reason(StrEnum):
    """Why a new password is refused. Pages and clients turn these words into sentences."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_MANY_BYTES = "too_many_bytes"
    NOT_UNICODE = "not_unicode"
    NUL = "nul"
    COMMON = "common"
    PATTERN = "pattern"
    CONTEXT = "context"


class PasswordRefused(NotValid):
    """The new password breaks a rule: `reason` names it, the facts hold the limit it missed."""

    code = "passwords.refused"

    def __init__(self, reason: str, **facts: object) -> None:
        """Keep the reason among the facts as well, so that every transport sends it along."""
        self.reason = str(reason)
        super().__init__(reason=self.reason, **facts)


class WrongCredentials(NotProven):
    """The name, the password or both are wrong: never said which."""

    code = "passwords.wrong"


class NotConfirmed(NotProven):
    """Somebody signed in gave a password that is not the one of the account."""

    code = "passwords.not_confirmed"


class HashingOverloaded(Overloaded):
    """Every hashing slot of this process is taken for longer than a caller should wait."""

    code = "passwords.overloaded"


class PutAside(Held):
    """The password is right, and its owner put the account aside: one button takes it up again."""

    code = "passwords.put_aside"
    page = "gatehouse.passwords.come_back"
    cookie = RETURN_COOKIE
