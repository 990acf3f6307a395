"""How often recovery codes can be made anew."""

from dataclasses import dataclass
from datetime import timedelta

from flask_gatehouse.core.settings import Rate, setting


@dataclass(frozen=True)
class RecoveryCodeSettings:
    """Recovery codes."""

    per_person: Rate = setting(
        Rate(10, timedelta(hours=1)),
        "Sets of recovery codes that one account may make; each is told of in a letter.",
    )
