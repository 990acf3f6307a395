"""How many factors, and for whom."""

from dataclasses import dataclass

from flask_gatehouse.core.settings import setting


@dataclass(frozen=True)
class MfaSettings:
    """Second factors."""

    per_user: int = setting(
        25,
        "Factors that one account may have, of all kinds together.",
        floor=2,
        cap=100,
    )
