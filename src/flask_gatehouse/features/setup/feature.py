"""What `setup` offers to the house."""

from flask_gatehouse.feature import Feature
from flask_gatehouse.features.setup.views import blueprint

FEATURE = Feature(name="setup", blueprint=blueprint)
