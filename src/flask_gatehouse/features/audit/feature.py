"""What `audit` offers to the house."""

from flask_gatehouse.feature import Feature
from flask_gatehouse.features.audit.service import AuditRecorder

FEATURE = Feature(name="audit", plugs=(lambda _house: AuditRecorder(),))
