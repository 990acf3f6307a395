"""What `users` offers to the house."""

from flask_gatehouse.feature import Feature
from flask_gatehouse.features.users.settings import UsersSettings

_HERE = "flask_gatehouse.features.users"

FEATURE = Feature(
    name="users",
    settings=UsersSettings,
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(f"{_HERE}.parts:names", f"{_HERE}.lifting:Lifting"),
)
