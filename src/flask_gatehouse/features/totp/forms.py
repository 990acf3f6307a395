"""The shape of what is typed."""

from wtforms import HiddenField, StringField

from flask_gatehouse.web.forms import SiteForm


class NameForm(SiteForm):
    """What an app is to be called. Nothing is a name too: the usual one."""

    name = StringField("Name")


class CodeForm(SiteForm):
    """A code from the app. An empty one is a wrong one, and counted as such."""

    code = StringField("Code from the app")


class SetUpForm(CodeForm):
    """The first code of an app, beside the name of the set-up that it finishes."""

    setup = HiddenField()
