"""What `admin` offers to the house."""

from flask_gatehouse.feature import Feature
from flask_gatehouse.features.admin.views import blueprint

FEATURE = Feature(
    name="admin",
    blueprint=blueprint,
    commands={"users": "flask_gatehouse.features.admin.commands:users"},
)
