"""What `audit` offers to the house."""

from flask_gatehouse.feature import Feature

_HERE = "flask_gatehouse.features.audit"

FEATURE = Feature(name="audit", tables=f"{_HERE}.models", plugs=(f"{_HERE}.service:recorder",))
