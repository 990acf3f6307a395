"""What `registration` offers to the house."""

from flask_gatehouse.feature import Feature, Route
from flask_gatehouse.features.registration.settings import RegistrationSettings

_HERE = "flask_gatehouse.features.registration"

FEATURE = Feature(
    name="registration",
    settings=RegistrationSettings,
    routes=(
        Route(
            rule="/register/",
            access="public",
            view=f"{_HERE}.views:register",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/verify/", access="public", view=f"{_HERE}.views:verify", methods=("GET", "POST")
        ),
        Route(
            rule="/register/again/",
            access="public",
            view=f"{_HERE}.views:again",
            methods=("POST",),
        ),
        Route(
            rule="/verify/link/",
            access="public",
            view=f"{_HERE}.views:by_link",
            methods=("GET", "POST"),
        ),
        Route(rule="/verify/<secret>/", access="public", view=f"{_HERE}.views:open_link"),
    ),
    commands={"registration": f"{_HERE}.commands:registration"},
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(
        f"{_HERE}.steps:address_first",
        f"{_HERE}.purging:Lapsing",
        f"{_HERE}.belongings:belongings",
        f"{_HERE}.ways:register",
    ),
    limits=f"{_HERE}.limits:LIMITERS",
)
