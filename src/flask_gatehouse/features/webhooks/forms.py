"""The shape of what is typed."""

from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired

from flask_gatehouse.web.forms import SiteForm


class EventsForm(SiteForm):
    """What a receiver is told."""

    events = TextAreaField(
        "Events",
        description="One a line: a name (login.refused), a family (login.*), or * for all.",
        validators=[InputRequired("Name at least one event, please.")],
    )


class WebhookForm(EventsForm):
    """A receiver, and what it is told."""

    url = StringField("Address", validators=[InputRequired("Type an address, please.")])
