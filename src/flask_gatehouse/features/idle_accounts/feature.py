"""What `idle_accounts` offers to the house."""

from flask_gatehouse.feature import Feature
from flask_gatehouse.features.idle_accounts.settings import IdleAccountSettings

_HERE = "flask_gatehouse.features.idle_accounts"

FEATURE = Feature(
    name="idle_accounts",
    settings=IdleAccountSettings,
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    plugs=(f"{_HERE}.belongings:belongings", f"{_HERE}.expiring:Expiring"),
)
