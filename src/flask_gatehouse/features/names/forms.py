"""The shape of what is typed."""

from wtforms import StringField
from wtforms.validators import InputRequired

from flask_gatehouse.web.forms import SiteForm


class NameForm(SiteForm):
    """Another user name."""

    username = StringField("New user name", validators=[InputRequired("Type a user name, please.")])
