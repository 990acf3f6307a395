"""What people are told of what others did to their accounts."""

from dataclasses import dataclass

from flask_gatehouse.core.settings import setting


@dataclass(frozen=True)
class PeopleSettings:
    """What somebody hears who is suspended."""

    tell_reason: bool = setting(
        False,  # noqa: FBT003 - the default
        "Whether the letter to somebody who is suspended says why.",
    )
