"""The shape of what is typed."""

from wtforms import StringField

from flask_gatehouse.web.forms import SiteForm


class CodeForm(SiteForm):
    """A recovery code. An empty one is a wrong one, and counted as such."""

    code = StringField("Recovery code")
