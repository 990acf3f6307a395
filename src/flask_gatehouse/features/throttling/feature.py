"""What `throttling` offers to the house."""

from flask_gatehouse.feature import Check, Examination, Feature
from flask_gatehouse.features.throttling.settings import ThrottlingSettings

_HERE = "flask_gatehouse.features.throttling"

FEATURE = Feature(
    name="throttling",
    settings=ThrottlingSettings,
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(f"{_HERE}.parts:store",),
    limits=f"{_HERE}.limits:LIMITERS",
    checks=(Check(keys=("GATEHOUSE_REDIS_URL",), place=f"{_HERE}.parts:store"),),
    examinations=(
        Examination(place=f"{_HERE}.examinations:way"),
        Examination(place=f"{_HERE}.examinations:redis", reaches_out=True),
    ),
)
