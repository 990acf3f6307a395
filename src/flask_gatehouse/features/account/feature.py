"""What `account` offers to the house."""

from flask_gatehouse.feature import Feature, Route

_HERE = "flask_gatehouse.features.account"

FEATURE = Feature(
    name="account",
    routes=(Route(rule="/account/", access="signed in", view=f"{_HERE}.views:index"),),
)
