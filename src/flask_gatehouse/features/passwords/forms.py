"""The shape of what is typed."""

from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import InputRequired

from flask_gatehouse.web.forms import ReturningForm, SiteForm


class LoginForm(ReturningForm):
    """User name or address, password, and whether to remember."""

    username = StringField("User name or e-mail address", validators=[InputRequired()])
    password = PasswordField("Password", validators=[InputRequired()])
    remember = BooleanField("Remember me")


class InvitationForm(SiteForm):
    """A first password."""

    password = PasswordField(
        "New password", validators=[InputRequired("Choose a password, please.")]
    )
