"""The shape of what is sent. Answers of passkeys are read elsewhere, strictly."""

from wtforms import HiddenField, StringField
from wtforms.validators import Length

from flask_gatehouse.web.forms import ReturningForm, SiteForm


class AnswerForm(ReturningForm):
    """The answer of a passkey."""

    credential = HiddenField()
    remember = HiddenField()


class AddForm(SiteForm):
    """A new passkey."""

    name = StringField(
        "What to call it",
        description="So that you know it again later, such as “Phone” or “Work laptop”.",
        validators=[Length(max=64, message="A name has at most 64 characters.")],
    )
    credential = HiddenField()
