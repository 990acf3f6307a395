"""Gatehouse: accounts, sign-in and session security for Flask."""

from importlib import import_module
from typing import TYPE_CHECKING

from flask_login import (
    AnonymousUserMixin,
    UserMixin,
    confirm_login,
    current_user,
    login_user,
    logout_user,
)

from flask_gatehouse.core.errors import (
    Conflict,
    Misconfigured,
    NotAllowed,
    NotProven,
    NotValid,
    Refusal,
    TooManyAttempts,
    Unavailable,
)
from flask_gatehouse.extension import Gatehouse
from flask_gatehouse.features.mail.errors import LetterRefused, NotDelivered
from flask_gatehouse.features.mail.post import Post
from flask_gatehouse.features.registration.hosting import Registering
from flask_gatehouse.web.access import (
    administrator_required,
    fresh,
    fresh_login_required,
    login_required,
    mfa_required,
    permissions_required,
    public,
    roles_required,
)
from flask_gatehouse.web.console import Card, ConsolePage
from flask_gatehouse.web.flask_login import GatehouseLoginManager as LoginManager
from flask_gatehouse.web.flask_login import login_fresh, login_remembered, viewing_as

if TYPE_CHECKING:
    from flask_gatehouse.db.work import Work
    from flask_gatehouse.features.registration.forms import RegistrationForm
    from flask_gatehouse.features.users.belongings import Belongings
    from flask_gatehouse.features.users.models import User

__all__ = [
    "AnonymousUserMixin",
    "Belongings",
    "Card",
    "Conflict",
    "ConsolePage",
    "Gatehouse",
    "LetterRefused",
    "LoginManager",
    "Misconfigured",
    "NotAllowed",
    "NotDelivered",
    "NotProven",
    "NotValid",
    "Post",
    "Refusal",
    "Registering",
    "RegistrationForm",
    "TooManyAttempts",
    "Unavailable",
    "User",
    "UserMixin",
    "Work",
    "administrator_required",
    "confirm_login",
    "current_user",
    "fresh",
    "fresh_login_required",
    "login_fresh",
    "login_remembered",
    "login_required",
    "login_user",
    "logout_user",
    "mfa_required",
    "permissions_required",
    "public",
    "roles_required",
    "viewing_as",
]


#: What brings SQLAlchemy or WTForms, which a start may not need, and where it is.
_LATER = {
    "Belongings": "flask_gatehouse.features.users.belongings",
    "RegistrationForm": "flask_gatehouse.features.registration.forms",
    "User": "flask_gatehouse.features.users.models",
    "Work": "flask_gatehouse.db.work",
}


def __getattr__(name: str) -> object:
    """Load what a start may not need when somebody names it."""
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
