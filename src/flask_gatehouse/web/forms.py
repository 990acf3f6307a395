"""What the forms of all features share.

Modules of forms are imported by the view that needs one: WTForms costs a start more than our pages.
"""

from flask import request
from flask_wtf import FlaskForm
from wtforms import HiddenField


class SiteForm(FlaskForm):
    """A form of ours. Its token was checked before any view ran, so it has no field for it."""

    class Meta:
        """Where a form is filled from: fields of a form that was sent, and nothing else."""

        csrf = False

        def wrap_formdata(self, form: object, formdata: object) -> object | None:
            """Take no files and no JSON, which Flask-WTF would, whatever shape they have."""
            del form, formdata
            return request.form if request.method == "POST" else None


class ReturningForm(SiteForm):
    """A form that remembers where its sender wanted to go."""

    next = HiddenField()
