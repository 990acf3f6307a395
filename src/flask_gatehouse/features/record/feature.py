"""What `record` offers to the house."""

from flask_gatehouse.feature import Feature, Route
from flask_gatehouse.features.record.settings import RecordSettings

_HERE = "flask_gatehouse.features.record"

FEATURE = Feature(
    name="record",
    settings=RecordSettings,
    routes=(
        Route(
            rule="/admin/record/",
            access="permitted",
            needs="record.read",
            view=f"{_HERE}.views:index",
            console="Record",
        ),
        Route(
            rule="/admin/record/chain/",
            access="permitted",
            needs="record.read",
            view=f"{_HERE}.views:chain",
        ),
        Route(
            # One step further down than an event, so that nobody takes one for the other.
            rule="/admin/record/chosen/export/",
            access="fresh permitted",
            needs="record.export",
            view=f"{_HERE}.views:export",
            methods=("POST",),
        ),
        Route(
            rule="/admin/record/<event>/",
            access="permitted",
            needs="record.read",
            view=f"{_HERE}.views:one",
        ),
    ),
    permissions={
        "record.read": "Read the record: what everybody did, and from where",
        "record.export": "Take events of the record out of the site",
    },
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
)
