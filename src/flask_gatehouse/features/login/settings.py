"""Where people arrive."""

from dataclasses import dataclass

from flask_gatehouse.core.settings import setting


@dataclass(frozen=True)
class LoginSettings:
    """What happens around a sign-in."""

    landing: str | None = setting(
        None, "Path on which people arrive who wanted no other page; none is the admin page."
    )
