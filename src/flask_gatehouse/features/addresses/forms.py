"""The shape of what is typed."""

from wtforms import StringField
from wtforms.validators import InputRequired

from flask_gatehouse.web.forms import SiteForm


class AddForm(SiteForm):
    """An address to be added."""

    email = StringField(
        "E-mail address", validators=[InputRequired("Type an e-mail address, please.")]
    )
