"""What `leaving` offers to the house."""

from flask_gatehouse.feature import Feature, Route
from flask_gatehouse.features.leaving.settings import LeavingSettings

_HERE = "flask_gatehouse.features.leaving"

FEATURE = Feature(
    name="leaving",
    settings=LeavingSettings,
    routes=(
        Route(
            rule="/account/data/",
            access="signed in",
            view=f"{_HERE}.views:data",
            listed="Your data",
        ),
        Route(
            rule="/account/data/download/",
            access="fresh",
            view=f"{_HERE}.views:download",
            methods=("POST",),
        ),
        Route(
            rule="/account/leave/", access="signed in", view=f"{_HERE}.views:leave", listed="Leave"
        ),
        Route(
            rule="/account/leave/delete/",
            access="fresh",
            view=f"{_HERE}.views:delete",
            methods=("POST",),
        ),
        Route(
            rule="/account/deactivate/",
            access="fresh",
            view=f"{_HERE}.views:deactivate",
            methods=("POST",),
        ),
        Route(rule="/leave/undo/<secret>/", access="public", view=f"{_HERE}.views:open_undo"),
        Route(
            rule="/leave/undo/",
            access="public",
            view=f"{_HERE}.views:undo",
            methods=("GET", "POST"),
        ),
    ),
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    plugs=(
        f"{_HERE}.belongings:account",
        f"{_HERE}.belongings:letters",
        f"{_HERE}.belongings:record",
        f"{_HERE}.belongings:departure",
        f"{_HERE}.departing:Erasing",
        f"{_HERE}.names:NamePurge",
    ),
)
