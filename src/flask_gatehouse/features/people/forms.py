"""The shape of what is typed."""

from wtforms import BooleanField, EmailField, SelectField, StringField
from wtforms.validators import InputRequired

from flask_gatehouse.web.forms import ReturningForm


class NewForm(ReturningForm):
    """Whom an account is made for."""

    username = StringField("User name", validators=[InputRequired("Type a user name, please.")])
    email = EmailField("E-mail address", validators=[InputRequired("Type an address, please.")])
    role = SelectField("Role", validate_choice=False)
    admin = BooleanField("Administrator")
