"""What `admin` offers to the house."""

from flask_gatehouse.feature import Feature, Route
from flask_gatehouse.features.admin.settings import AdminSettings

_HERE = "flask_gatehouse.features.admin"

FEATURE = Feature(
    name="admin",
    settings=AdminSettings,
    plugs=(f"{_HERE}.parts:rules",),
    routes=(
        Route(rule="/admin/", access="signed in", view=f"{_HERE}.views:index"),
        Route(
            rule="/admin/people/",
            access="permitted",
            needs="people.read",
            view=f"{_HERE}.views:people",
            console="People",
        ),
        Route(
            rule="/admin/factors/",
            access="fresh permitted",
            needs="people.recover",
            view=f"{_HERE}.views:factors",
            console="Second steps",
        ),
        Route(
            rule="/admin/factors/reset/",
            access="fresh permitted",
            needs="people.recover",
            view=f"{_HERE}.views:reset_factors",
            methods=("POST",),
        ),
        Route(
            rule="/admin/factors/keep/",
            access="fresh permitted",
            needs="people.recover",
            view=f"{_HERE}.views:keep_factors",
            methods=("POST",),
        ),
    ),
    permissions={
        "people.read": "Find people, and see what is known of them",
        "people.create": "Make accounts",
        "people.edit": "Change names and addresses of people",
        "people.suspend": "Suspend people, restore them, and end their sessions",
        "people.recover": "Send people a way back, and take lost second steps away",
        "people.delete": "Delete accounts",
        "people.export": "Take lists of people, and copies of their data, out of the site",
    },
    commands={
        "users": f"{_HERE}.commands:users",
        "throttling": f"{_HERE}.blocks:throttling",
    },
)
