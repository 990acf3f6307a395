"""How long the record is kept."""

from dataclasses import dataclass
from datetime import timedelta

from flask_gatehouse.core.settings import setting


@dataclass(frozen=True)
class AuditSettings:
    """What `audit prune` leaves."""

    retention: timedelta = setting(
        timedelta(days=365),
        "`gatehouse audit prune` deletes what was done longer ago.",
        source="OWASP ASVS 5.0 14.2.7",
        floor=timedelta(days=1),
    )
    refusal_retention: timedelta = setting(
        timedelta(days=90),
        "`gatehouse audit prune` deletes what was refused longer ago, such as failed sign-ins.",
        source="OWASP ASVS 5.0 14.2.7",
        floor=timedelta(days=1),
    )
