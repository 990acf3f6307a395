"""The shape of what is typed."""

from flask import request
from wtforms import StringField
from wtforms.validators import InputRequired

from flask_gatehouse.web.forms import SiteForm


class RoleForm(SiteForm):
    """What a role is for, and what it allows."""

    about = StringField("What it is for")

    @property
    def ticked(self) -> frozenset[str]:
        """Return the permissions that are ticked in what was sent."""
        return frozenset(request.form.getlist("permission"))

    @property
    def seen(self) -> frozenset[str]:
        """Return what the role allowed when the page was shown."""
        return frozenset(request.form.getlist("seen"))


class NewRoleForm(RoleForm):
    """The same, and what the role is called."""

    name = StringField("Name", validators=[InputRequired("Give the role a name, please.")])
