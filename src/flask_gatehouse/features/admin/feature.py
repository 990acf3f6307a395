"""What `admin` offers to the house."""

from flask_gatehouse.feature import Examination, Feature, Route
from flask_gatehouse.features.admin.settings import AdminSettings

_HERE = "flask_gatehouse.features.admin"

FEATURE = Feature(
    name="admin",
    settings=AdminSettings,
    plugs=(f"{_HERE}.parts:rules",),
    examinations=(Examination(place=f"{_HERE}.examinations:entrance"),),
    routes=(
        Route(rule="/admin/", access="signed in", view=f"{_HERE}.views:index"),
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
    commands={
        "users": f"{_HERE}.commands:users",
        "throttling": f"{_HERE}.blocks:throttling",
    },
)
