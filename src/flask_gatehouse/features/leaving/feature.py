"""What `leaving` offers to the house."""

from flask_gatehouse.feature import Feature, Route

_HERE = "flask_gatehouse.features.leaving"

FEATURE = Feature(
    name="leaving",
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
    ),
    events=f"{_HERE}.events",
    plugs=(
        f"{_HERE}.belongings:account",
        f"{_HERE}.belongings:letters",
        f"{_HERE}.belongings:record",
    ),
)
