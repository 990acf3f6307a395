"""The shape of what is typed."""

from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired

from flask_gatehouse.web.forms import ReturningForm


class AskForm(ReturningForm):
    """Who wants a letter."""

    username = StringField(
        "User name or e-mail address",
        validators=[InputRequired("Type your user name or e-mail address, please.")],
    )


class EnterForm(ReturningForm):
    """Whether to remember; the link of the letter is the proof."""

    remember = BooleanField("Remember me")


class CodeForm(EnterForm):
    """The code of a letter."""

    code = StringField(
        "Code from the letter", validators=[InputRequired("Type the code of the letter, please.")]
    )
