"""What `mfa` offers to the house."""

from flask_gatehouse.feature import Feature

_HERE = "flask_gatehouse.features.mfa"

FEATURE = Feature(name="mfa", tables=f"{_HERE}.models")
