"""What `logs` offers to the house."""

from flask_gatehouse.feature import Feature
from flask_gatehouse.features.logs.settings import LogSettings

_HERE = "flask_gatehouse.features.logs"

FEATURE = Feature(name="logs", settings=LogSettings, plugs=(f"{_HERE}.shipping:Shipping",))
