"""What `names` offers to the house."""

from flask_gatehouse.feature import Feature, Route
from flask_gatehouse.features.names.settings import NameSettings

_HERE = "flask_gatehouse.features.names"

FEATURE = Feature(
    name="names",
    settings=NameSettings,
    routes=(
        Route(
            rule="/account/name/",
            access="signed in",
            view=f"{_HERE}.views:index",
            listed="User name",
        ),
        Route(
            rule="/account/name/change/",
            access="fresh",
            view=f"{_HERE}.views:change",
            methods=("POST",),
        ),
    ),
    sentences=f"{_HERE}.sentences:SENTENCES",
    limits=f"{_HERE}.limits:LIMITERS",
)
