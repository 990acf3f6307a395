"""Whether people change their user names."""

from dataclasses import dataclass
from datetime import timedelta

from flask_gatehouse.core.settings import Rate, setting


@dataclass(frozen=True)
class NameSettings:
    """Changing one's user name."""

    change: bool = setting(default=True, meaning="Whether people can change their user name.")
    per_person: Rate = setting(
        Rate(10, timedelta(hours=1)),
        "User names that one account may ask for: each answer tells whether somebody has it.",
    )
