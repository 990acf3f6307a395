"""What the forms of all features share.

Modules of forms are imported by the view that needs one: WTForms costs a start more than our pages.
"""

from flask_wtf import FlaskForm
from wtforms import HiddenField


class SiteForm(FlaskForm):
    """A form of ours. Its token was checked before any view ran, so it has no field for it."""

    class Meta:
        """Flask-WTF's switch for the token field."""

        csrf = False


class ReturningForm(SiteForm):
    """A form that remembers where its sender wanted to go."""

    next = HiddenField()
