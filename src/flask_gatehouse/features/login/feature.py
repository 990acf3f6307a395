"""What `login` offers to the house."""

from flask_gatehouse.feature import Feature, Route
from flask_gatehouse.features.login.settings import LoginSettings

_HERE = "flask_gatehouse.features.login"

FEATURE = Feature(
    name="login",
    settings=LoginSettings,
    routes=(
        Route(
            rule="/logout/",
            access="public",
            view=f"{_HERE}.views:logout",
            methods=("GET", "POST"),
            while_viewing=True,
        ),
    ),
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(
        f"{_HERE}.belongings:belongings",
        f"{_HERE}.belongings:pending",
        f"{_HERE}.purging:purge",
    ),
    limits=f"{_HERE}.limits:LIMITERS",
)
