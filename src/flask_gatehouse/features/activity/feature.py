"""What `activity` offers to the house."""

from flask_gatehouse.feature import Feature, Route

_HERE = "flask_gatehouse.features.activity"

FEATURE = Feature(
    name="activity",
    routes=(
        Route(
            rule="/account/activity/",
            access="signed in",
            view=f"{_HERE}.views:index",
            listed="Your activity",
        ),
    ),
)
