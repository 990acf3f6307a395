"""What `setup` offers to the house."""

from flask_gatehouse.feature import Feature, Route

_HERE = "flask_gatehouse.features.setup"

FEATURE = Feature(
    name="setup",
    routes=(
        Route(
            rule="/setup/<token>/",
            access="public",
            view=f"{_HERE}.views:first_administrator",
            methods=("GET", "POST"),
        ),
    ),
)
