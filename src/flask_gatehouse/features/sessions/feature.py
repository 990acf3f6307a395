"""What `sessions` offers to the house."""

from flask_gatehouse.feature import Feature
from flask_gatehouse.features.sessions.settings import SessionSettings

FEATURE = Feature(
    name="sessions",
    settings=SessionSettings,
    tables="flask_gatehouse.features.sessions.models",
    events="flask_gatehouse.features.sessions.events",
    plugs=("flask_gatehouse.features.sessions.parts:recent",),
)
