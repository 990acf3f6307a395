"""The shape of what is typed."""

from wtforms import EmailField, Field, HiddenField, PasswordField, StringField
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, StopValidation

from flask_gatehouse.web.forms import SiteForm

_CHOOSE = "Choose a password, please."
_OURS = frozenset({"username", "email", "password", "website", "credential"})


class PasswordOrPasskey(InputRequired):
    """Asks for a password unless a passkey came in its place."""

    def __call__(self, form: BaseForm, field: Field) -> None:
        """Return if there is either. Raises: ValidationError."""
        if form["credential"].data:
            field.errors = []
            raise StopValidation
        super().__call__(form, field)


class RegistrationForm(SiteForm):
    """User name, address and password. A host's subclass may have further fields."""

    username = StringField("User name", validators=[InputRequired("Choose a user name, please.")])
    email = EmailField("E-mail address", validators=[InputRequired("Type your address, please.")])
    password = PasswordField("Password", validators=[PasswordOrPasskey(_CHOOSE)])
    #: The answer of a passkey, in place of a password.
    credential = HiddenField()
    #: Nobody sees it, so whatever fills it in is no person.
    website = StringField("Leave this empty")

    @property
    def is_trapped(self) -> bool:
        """Whether something filled in what no person sees."""
        return bool(self.website.data)

    @property
    def further(self) -> list[object]:
        """The fields that are not ours, in their order."""
        return [each for each in self if each.name not in _OURS]


class CodeForm(SiteForm):
    """The code of the letter."""

    code = StringField(
        "Code from the letter", validators=[InputRequired("Type the code of the letter, please.")]
    )


class ButtonForm(SiteForm):
    """Nothing but a button."""


class PasswordForm(SiteForm):
    """A password, in another browser than the one that registered."""

    password = PasswordField("Password", validators=[InputRequired(_CHOOSE)])
