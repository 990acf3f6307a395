"""What an account may do at this moment: the question of every page that asks for a permission."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, Uuid, bindparam, select

from flask_gatehouse.db.lookup import Lookup
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.roles.models import Role, RolePermission, UserRole
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rights import ADMINISTRATOR, NONE, Granted

#: What whoever runs the site by commands, or administers it, may do.
EVERYTHING: Final = Granted(roles=frozenset({ADMINISTRATOR}), everything=True)

#: Name of a role, a permission of it or None, when the role is over or None, when it was given, and
#: when what it allows was changed last.
_Row = tuple[str, str | None, datetime | None, datetime, datetime]


def granted(works: Works, user: User) -> Granted:
    """Return what an account may do, as it is committed; nothing while it is not in use.

    Raises:
        DatabaseUnavailable: nobody can tell.
    """
    if not user.active:
        return NONE
    if user.is_admin:
        return EVERYTHING
    return of(_by_account().one(works, user.id) or (), now=works.house.clock.now())


def of(rows: Sequence[_Row], *, now: datetime) -> Granted:
    """Return what rows allow that are not over."""
    lasting = [row for row in rows if row[2] is None or row[2] > now]
    if not lasting:
        return NONE
    return Granted(
        roles=frozenset(row[0] for row in lasting),
        permissions=frozenset(row[1] for row in lasting if row[1] is not None),
        since=max(max(row[3], row[4]) for row in lasting),
    )


_COLUMNS: Final[list[Any]] = [
    Role.name,
    RolePermission.permission,
    UserRole.until,
    UserRole.given_at,
    Role.updated_at,
]

#: The roles of one account, asked by `whose`.
ROLES_OF: Final[Select[Any]] = (
    select(*_COLUMNS)
    .join_from(UserRole, Role, Role.id == UserRole.role_id)
    .outerjoin(RolePermission, RolePermission.role_id == Role.id)
    .where(UserRole.user_id == bindparam("whose", type_=Uuid()))
)


@cache
def _by_account() -> Lookup[tuple[_Row, ...]]:
    """Return how the roles of an account are read, prepared once."""

    def make(rows: Sequence[Any]) -> tuple[_Row, ...]:
        return tuple((row[0], row[1], row[2], row[3], row[4]) for row in rows)

    return Lookup(ROLES_OF, "whose", make, every=True)
