"""What the forms of all features share.

Modules of forms are imported by the view that needs one: WTForms costs a start more than our pages.
"""

from copy import copy
from functools import cache
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from wtforms import Field, HiddenField
from wtforms.widgets import Input


def attributes(**given: object) -> Markup:
    """Write attributes letter by letter as WTForms does, for much less.

    WTForms formats each of them by a parser of format strings, which is a fifth of a page.
    """
    written = []
    for name, value in sorted(given.items()):
        if value is False:
            continue
        said = str(escape(_name(name)))
        if value is not True:
            # What is markup already keeps its own quotes, and would end the attribute.
            said += '="' + str(escape(value)).replace('"', "&quot;") + '"'
        written.append(said)
    return Markup(" ".join(written))  # noqa: S704 - each part was escaped above


def _name(key: str) -> str:
    """Return the attribute that a keyword stands for: `class_` and `aria_label` cannot be said."""
    name = key.rstrip("_")
    return name.replace("_", "-") if name.startswith(("aria_", "data_")) else name


@cache
def _quick(widget: Input) -> Input:
    """Return a widget of a class of fields that writes its attributes by `attributes`."""
    ours = copy(widget)
    vars(ours)["html_params"] = attributes
    return ours


class SiteForm(FlaskForm):
    """A form of ours. Its token was checked before any view ran, so it has no field for it."""

    class Meta:
        """Where a form is filled from: fields of a form that was sent, and nothing else."""

        csrf = False

        def wrap_formdata(self, form: object, formdata: object) -> object | None:
            """Take no files and no JSON, which Flask-WTF would, whatever shape they have."""
            del form, formdata
            return request.form if request.method == "POST" else None

        def render_field(self, field: Field, render_kw: dict[str, Any]) -> Markup:
            """Render a field; that of a class of fields by our way of writing attributes."""
            usual = type(field).widget
            # A widget of a field's own may come with each request: nothing is kept of those.
            if field.widget is usual and isinstance(usual, Input):
                field.widget = _quick(usual)
            # WTForms puts its own Meta behind this one.
            rendered: Markup = super().render_field(field, render_kw)  # type: ignore[misc] # as said
            return rendered


class ReturningForm(SiteForm):
    """A form that remembers where its sender wanted to go."""

    next = HiddenField()
