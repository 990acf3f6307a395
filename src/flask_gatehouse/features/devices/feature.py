"""What `devices` offers to the house."""

from flask_gatehouse.feature import Feature, Route

_HERE = "flask_gatehouse.features.devices"

FEATURE = Feature(
    name="devices",
    routes=(
        Route(
            rule="/account/devices/",
            access="signed in",
            view=f"{_HERE}.views:index",
            listed="Your devices",
        ),
        Route(
            rule="/account/devices/end-others/",
            access="fresh",
            view=f"{_HERE}.views:end_others",
            methods=("POST",),
        ),
        Route(
            rule="/account/devices/trusted/<device>/end/",
            access="fresh",
            view=f"{_HERE}.views:end_trust",
            methods=("POST",),
        ),
        Route(
            rule="/account/devices/<device>/end/",
            access="fresh",
            view=f"{_HERE}.views:end",
            methods=("POST",),
        ),
        Route(
            rule="/account/devices/<device>/name/",
            access="signed in",
            view=f"{_HERE}.views:name",
            methods=("POST",),
        ),
    ),
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
)
