"""What a role may be called."""

import re
from typing import Final

from flask_gatehouse.core.text import one_line
from flask_gatehouse.features.roles.errors import RoleRefused
from flask_gatehouse.features.users.rights import ADMINISTRATOR

#: Characters of a role's name, and of what is said about it.
LONGEST_ROLE: Final = 64
LONGEST_ABOUT: Final = 254

#: One spelling only, so that no list and no wildcard can be taken for a name.
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*")


def role_name(text: str) -> str:
    """Return the name of a role as it is kept.

    Raises:
        RoleRefused: no role can be called so.
    """
    if len(text) > LONGEST_ROLE or _NAME.fullmatch(text) is None:
        raise RoleRefused(reason="form")
    if text == ADMINISTRATOR:
        raise RoleRefused(reason="reserved")
    return text


def about(text: str) -> str:
    """Return what is said about a role as it is kept. Raises: RoleRefused: it is too long."""
    said = one_line(text.strip())
    if len(said) > LONGEST_ABOUT:
        raise RoleRefused(reason="about")
    return said
