"""What `audit` offers to the house."""

from flask_gatehouse.feature import Examination, Feature
from flask_gatehouse.features.audit.settings import AuditSettings

_HERE = "flask_gatehouse.features.audit"

FEATURE = Feature(
    name="audit",
    settings=AuditSettings,
    commands={"audit": f"{_HERE}.commands:audit"},
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(f"{_HERE}.service:recorder",),
    examinations=(Examination(place=f"{_HERE}.examinations:rights"),),
)
