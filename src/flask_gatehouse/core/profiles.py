"""Profiles: names for how much is asked of a site. Each asks whatever the one before it asks.

A setting says beside its default what a profile makes of it; what is configured goes before both.
Source: the levels of OWASP ASVS 5.0.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

Profile = Literal["standard", "asvs-l2", "asvs-l3"]

#: From what is asked of everybody to what is asked of the few.
PROFILES: Final[tuple[Profile, ...]] = get_args(Profile)

#: What a setting says that no profile has a word about.
NOTHING: Final[Mapping[str, Any]] = {}


def asking(profile: Profile, values: Mapping[str, Any]) -> Profile | None:
    """Return the profile whose value holds under this one; None if it leaves the default."""
    up_to_it = PROFILES[: PROFILES.index(profile) + 1]
    return next((each for each in reversed(up_to_it) if each in values), None)
