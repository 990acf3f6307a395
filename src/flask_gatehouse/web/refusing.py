"""Show on a form what was refused."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.web.work import house

if TYPE_CHECKING:
    from wtforms import Field, Form


def refuse(form: "Form", refusal: Refusal, field: "Field | None" = None) -> None:
    """Show a refusal at a field, or above the form."""
    sentence = house().part(Sentences).of(refusal)
    if field is None:
        form.form_errors.append(sentence)
    else:
        field.errors = [*_texts(field.errors), sentence]


def _texts(errors: Iterable[object]) -> list[str]:
    return [str(error) for error in errors]
