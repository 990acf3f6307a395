"""What `sessions` offers to the house."""

from flask_gatehouse.feature import Feature
from flask_gatehouse.features.sessions.settings import SessionSettings

_HERE = "flask_gatehouse.features.sessions"

FEATURE = Feature(
    name="sessions",
    settings=SessionSettings,
    commands={"sessions": f"{_HERE}.commands:sessions"},
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    plugs=(
        f"{_HERE}.finding:Recent",
        f"{_HERE}.last_seen:LastSeen",
        f"{_HERE}.purging:Purge",
        f"{_HERE}.belongings:belongings",
    ),
)
