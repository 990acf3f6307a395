"""What `proofs` offers to the house."""

from flask_gatehouse.feature import Feature

_HERE = "flask_gatehouse.features.proofs"

FEATURE = Feature(
    name="proofs",
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(f"{_HERE}.purging:purge", f"{_HERE}.belongings:belongings"),
)
