"""What `mfa` offers to the house."""

from flask_gatehouse.feature import Check, Examination, Feature, Route
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
            listed_if=f"{_HERE}.gate:is_listed",
        ),
        Route(rule="/second-step/set-up/", access="enrolling", view=f"{_HERE}.views:set_up"),
        Route(
            rule="/account/factors/keep/",
            access="fresh",
            view=f"{_HERE}.views:keep",
            methods=("POST",),
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
    commands={"mfa": f"{_HERE}.commands:mfa"},
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(
        f"{_HERE}.steps:SecondStep",
        f"{_HERE}.trust:box",
        f"{_HERE}.pieces:grace",
        f"{_HERE}.pieces:box",
        f"{_HERE}.trusting:purge",
        f"{_HERE}.resetting:Resetting",
        f"{_HERE}.belongings:belongings",
        f"{_HERE}.belongings:demands",
        f"{_HERE}.belongings:trusted",
    ),
    checks=(
        Check(
            keys=("GATEHOUSE_MFA_EVERYONE", "GATEHOUSE_MFA_ADMINISTRATORS"),
            place=f"{_HERE}.checks:check",
        ),
    ),
    examinations=(Examination(place=f"{_HERE}.examinations:without"),),
)
