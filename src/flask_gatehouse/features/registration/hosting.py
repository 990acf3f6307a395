"""What a host adds to the making of accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask_gatehouse.db.work import Work
    from flask_gatehouse.features.registration.forms import RegistrationForm
    from flask_gatehouse.features.users.models import User


@dataclass(frozen=True, kw_only=True)
class Registering:
    """A host's own form for new accounts, and what it does with what was typed.

    Args:
        form: a subclass of `RegistrationForm`; its further fields are shown below ours.
        check: called with the form once the attempt is counted and before anything is made, for a
            captcha; returns what to tell whoever is turned away, or None.
        made: called with the work, the new account and the form, in the transaction that makes the
            account: what it raises undoes all of it. The address is not proven yet.
    """

    form: "type[RegistrationForm] | None" = None
    check: "Callable[[RegistrationForm], str | None] | None" = None
    made: "Callable[[Work, User, RegistrationForm], None] | None" = None
