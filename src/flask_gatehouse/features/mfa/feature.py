"""What `mfa` offers to the house."""

from flask_gatehouse.feature import Feature, Route
from flask_gatehouse.features.mfa.settings import MfaSettings

_HERE = "flask_gatehouse.features.mfa"

FEATURE = Feature(
    name="mfa",
    settings=MfaSettings,
    routes=(
        Route(rule="/second-step/", access="pending", view=f"{_HERE}.views:ask"),
        Route(
            rule="/account/factors/",
            access="signed in",
            view=f"{_HERE}.views:index",
            listed="Passkeys and second steps",
        ),
        Route(
            rule="/account/factors/<factor>/name/",
            access="fresh",
            view=f"{_HERE}.views:rename",
            methods=("POST",),
        ),
        Route(
            rule="/account/factors/<factor>/remove/",
            access="fresh",
            view=f"{_HERE}.views:remove",
            methods=("POST",),
        ),
    ),
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(f"{_HERE}.steps:SecondStep", f"{_HERE}.belongings:belongings"),
)
