"""The shape of what is typed."""

from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import InputRequired

from flask_gatehouse.features.passwords.settings import PasswordSettings
from flask_gatehouse.web.forms import ReturningForm, SiteForm
from flask_gatehouse.web.work import house


class LoginForm(ReturningForm):
    """User name or address, password, and whether to remember."""

    username = StringField("User name or e-mail address", validators=[InputRequired()])
    password = PasswordField("Password", validators=[InputRequired()])
    remember = BooleanField("Remember me")


class ConfirmForm(ReturningForm):
    """The password of whoever is signed in."""

    password = PasswordField("Password", validators=[InputRequired()])


class ChangeForm(SiteForm):
    """The password of whoever is signed in, and another one."""

    current = PasswordField(
        "Current password", validators=[InputRequired("Type your current password, please.")]
    )
    new = PasswordField("New password", validators=[InputRequired("Choose a password, please.")])


def new_password_hint() -> str:
    """Say what a new password must be, before anybody is refused."""
    minimum = house().settings[PasswordSettings].minimum
    return (
        f"At least {minimum} characters. A phrase is best: a few words that do not belong together."
    )


class InvitationForm(SiteForm):
    """A first password."""

    password = PasswordField(
        "New password", validators=[InputRequired("Choose a password, please.")]
    )
