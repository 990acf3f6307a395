"""What `statistics` offers to the house."""

from flask_gatehouse.feature import Feature, Route

_HERE = "flask_gatehouse.features.statistics"

FEATURE = Feature(
    name="statistics",
    routes=(
        Route(
            rule="/admin/statistics/",
            access="permitted",
            needs="statistics.read",
            view=f"{_HERE}.views:index",
            console="Statistics",
        ),
    ),
    permissions={"statistics.read": "See how much happens: sign-ins, refusals, letters"},
    commands={"statistics": f"{_HERE}.commands:statistics"},
    tables=f"{_HERE}.models",
    plugs=(f"{_HERE}.parts:card", f"{_HERE}.parts:chore"),
)
