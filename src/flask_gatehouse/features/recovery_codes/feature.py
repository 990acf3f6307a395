"""What `recovery_codes` offers to the house."""

from flask_gatehouse.feature import Examination, Feature, Route
from flask_gatehouse.features.recovery_codes.settings import RecoveryCodeSettings

_HERE = "flask_gatehouse.features.recovery_codes"

FEATURE = Feature(
    name="recovery_codes",
    settings=RecoveryCodeSettings,
    routes=(
        Route(
            rule="/account/recovery-codes/",
            access="signed in",
            view=f"{_HERE}.views:index",
            listed="Recovery codes",
        ),
        Route(
            rule="/account/recovery-codes/new/",
            # Not "enrolling": a code would take whoever is held there past a factor of its owner.
            access="fresh",
            view=f"{_HERE}.views:renew",
            methods=("POST",),
        ),
        Route(
            rule="/second-step/recovery-code/",
            access="pending",
            view=f"{_HERE}.views:ask",
            methods=("GET", "POST"),
        ),
    ),
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(f"{_HERE}.kind:kind", f"{_HERE}.kind:spare"),
    limits=f"{_HERE}.limits:LIMITERS",
    examinations=(Examination(place=f"{_HERE}.examinations:keys"),),
)
