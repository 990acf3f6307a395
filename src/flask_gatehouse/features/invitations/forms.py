"""The shape of what is typed."""

from wtforms import BooleanField, EmailField, PasswordField, StringField
from wtforms.validators import InputRequired

from flask_gatehouse.web.forms import ReturningForm, SiteForm


class AddressForm(ReturningForm):
    """Whom to invite."""

    email = EmailField("E-mail address", validators=[InputRequired("Type an address, please.")])


class InviteForm(AddressForm):
    """Whom to invite, and as what."""

    admin = BooleanField("Administrator")


class AcceptForm(SiteForm):
    """User name and password."""

    username = StringField("User name", validators=[InputRequired("Choose a user name, please.")])
    password = PasswordField("Password", validators=[InputRequired("Choose a password, please.")])
