"""What the forms of all features share."""

from collections.abc import Iterable

from flask_wtf import FlaskForm
from wtforms import Field, Form, HiddenField

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.web.work import house


class SiteForm(FlaskForm):
    """A form of ours. Its token was checked before any view ran, so it has no field for it."""

    class Meta:
        """Flask-WTF's switch for the token field."""

        csrf = False


class ReturningForm(SiteForm):
    """A form that remembers where its sender wanted to go."""

    next = HiddenField()


def refuse(form: Form, refusal: Refusal, field: Field | None = None) -> None:
    """Show a refusal at a field, or above the form."""
    sentence = house().part(Sentences).of(refusal)
    if field is None:
        form.form_errors.append(sentence)
    else:
        field.errors = [*_texts(field.errors), sentence]


def _texts(errors: Iterable[object]) -> list[str]:
    return [str(error) for error in errors]
