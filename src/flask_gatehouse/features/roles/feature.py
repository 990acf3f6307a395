"""What `roles` offers to the house."""

from flask_gatehouse.feature import Feature

_HERE = "flask_gatehouse.features.roles"

FEATURE = Feature(
    name="roles",
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    permissions={
        "roles.edit": "Make, change and delete roles",
        "roles.grant": "Give roles to people, and take them away",
    },
    plugs=(f"{_HERE}.parts:belongings", f"{_HERE}.parts:purge"),
)
