"""What `totp` offers to the house."""

from flask_gatehouse.feature import Check, Examination, Feature, Route
from flask_gatehouse.features.totp.settings import TotpSettings

_HERE = "flask_gatehouse.features.totp"

FEATURE = Feature(
    name="totp",
    settings=TotpSettings,
    routes=(
        Route(
            rule="/account/authenticator/add/",
            access="enrolling",
            view=f"{_HERE}.views:add",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/second-step/code/",
            access="pending",
            view=f"{_HERE}.views:ask",
            methods=("GET", "POST"),
        ),
    ),
    tables=f"{_HERE}.models",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(
        f"{_HERE}.kind:kind",
        f"{_HERE}.belongings:belongings",
        f"{_HERE}.purging:purge",
        f"{_HERE}.resealing:resealing",
    ),
    limits=f"{_HERE}.limits:LIMITERS",
    checks=(Check(keys=("GATEHOUSE_TOTP_ENABLED",), place=f"{_HERE}.checks:check"),),
    examinations=(
        Examination(place=f"{_HERE}.examinations:keys"),
        Examination(place=f"{_HERE}.examinations:extras"),
    ),
)
