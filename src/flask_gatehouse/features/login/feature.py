"""What `login` offers to the house."""

from flask_gatehouse.feature import Feature
from flask_gatehouse.features.login import events
from flask_gatehouse.features.login.settings import LoginSettings
from flask_gatehouse.features.login.views import blueprint

FEATURE = Feature(
    name="login",
    settings=LoginSettings,
    blueprint=blueprint,
    events=(events.LoggedIn, events.LoginRefused, events.LoggedOut, events.LoginConfirmed),
)
