"""What `recovery` offers to the house."""

from flask_gatehouse.feature import Feature, Route
from flask_gatehouse.features.recovery.settings import RecoverySettings

_HERE = "flask_gatehouse.features.recovery"

FEATURE = Feature(
    name="recovery",
    settings=RecoverySettings,
    routes=(
        Route(
            rule="/recover/", access="public", view=f"{_HERE}.views:ask", methods=("GET", "POST")
        ),
        Route(
            rule="/recover/sent/",
            access="public",
            view=f"{_HERE}.views:sent",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/recover/new/",
            access="public",
            view=f"{_HERE}.views:new",
            methods=("GET", "POST"),
        ),
        Route(rule="/recover/<secret>/", access="public", view=f"{_HERE}.views:open_link"),
    ),
    commands={"recovery": f"{_HERE}.commands:recovery"},
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(f"{_HERE}.ways:forgotten",),
    limits=f"{_HERE}.limits:LIMITERS",
)
