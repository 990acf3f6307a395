"""What `admin` offers to the house."""

from flask_gatehouse.feature import Feature, Route

_HERE = "flask_gatehouse.features.admin"

FEATURE = Feature(
    name="admin",
    routes=(
        Route(rule="/admin/", access="signed in", view=f"{_HERE}.views:index"),
        Route(rule="/admin/people/", access="administrator", view=f"{_HERE}.views:people"),
    ),
    commands={
        "users": f"{_HERE}.commands:users",
        "throttling": f"{_HERE}.blocks:throttling",
    },
)
