"""The shape of what is typed."""

from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from flask_gatehouse.web.forms import SiteForm

_CHOOSE = "Choose a password, please."


class AskForm(SiteForm):
    """Who wants a letter."""

    username = StringField(
        "User name or e-mail address",
        validators=[InputRequired("Type your user name or e-mail address, please.")],
    )


class CodeForm(SiteForm):
    """The code of a letter, and a new password."""

    code = StringField(
        "Code from the letter", validators=[InputRequired("Type the code of the letter, please.")]
    )
    password = PasswordField("New password", validators=[InputRequired(_CHOOSE)])


class NewForm(SiteForm):
    """A new password."""

    password = PasswordField("New password", validators=[InputRequired(_CHOOSE)])
