"""What `account` offers to the house."""

from flask_gatehouse.feature import Feature
from flask_gatehouse.features.account.views import blueprint

FEATURE = Feature(name="account", blueprint=blueprint)
