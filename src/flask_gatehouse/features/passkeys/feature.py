"""What `passkeys` offers to the house."""

from flask_gatehouse.feature import Check, Feature
from flask_gatehouse.features.passkeys.settings import PasskeySettings

_HERE = "flask_gatehouse.features.passkeys"

FEATURE = Feature(
    name="passkeys",
    settings=PasskeySettings,
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(
        f"{_HERE}.purging:ChallengePurge",
        f"{_HERE}.belongings:belongings",
    ),
    limits=f"{_HERE}.limits:LIMITERS",
    checks=(Check(keys=("GATEHOUSE_PASSKEYS_ENABLED",), place=f"{_HERE}.checks:installed"),),
)
