"""The shape of the first account."""

from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import InputRequired, Optional

from flask_gatehouse.web.forms import SiteForm


class FirstAdministratorForm(SiteForm):
    """User name, e-mail address and password."""

    username = StringField("User name", validators=[InputRequired("Choose a user name, please.")])
    email = EmailField("E-mail address", validators=[Optional()])
    password = PasswordField("Password", validators=[InputRequired("Choose a password, please.")])
