"""What `viewing` offers to the house."""

from flask_gatehouse.feature import Feature, Route
from flask_gatehouse.features.viewing.settings import ViewingSettings

_HERE = "flask_gatehouse.features.viewing"

FEATURE = Feature(
    name="viewing",
    settings=ViewingSettings,
    routes=(
        Route(
            rule="/admin/people/<person>/view/",
            access="fresh permitted",
            needs="people.view_as",
            two_factors=True,
            view=f"{_HERE}.views:begin",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/viewing/end/",
            # The view may be over by itself, and then nobody is asking.
            access="public",
            view=f"{_HERE}.views:end",
            methods=("POST",),
            while_viewing=True,
        ),
    ),
    permissions={"people.view_as": "See the site as another person"},
    commands={"viewing": f"{_HERE}.commands:viewing"},
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(
        f"{_HERE}.parts:rules",
        f"{_HERE}.parts:Watch",
        f"{_HERE}.parts:Closing",
        f"{_HERE}.parts:belongings",
    ),
)
