"""Make roles, give them to people, and say what somebody may do.

Every change holds the state of administration first, so that two of them follow each other, and
reads the rights of whoever asks after that: what was taken away a moment ago hands out nothing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, bindparam, delete, func, or_, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.roles import rules
from flask_gatehouse.features.roles.errors import (
    AlreadyOver,
    BeyondOwnRights,
    HasNoRole,
    NotHere,
    OutOfReach,
    RoleTaken,
    UndeclaredPermission,
    UnknownRole,
)
from flask_gatehouse.features.roles.events import (
    RoleChanged,
    RoleGranted,
    RoleMade,
    RoleRemoved,
    RoleRevoked,
)
from flask_gatehouse.features.roles.models import Role, RolePermission, UserRole
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rights import ADMINISTRATOR, NONE, Granted

#: What whoever runs the site by commands, or administers it, may do.
EVERYTHING: Final = Granted(roles=frozenset({ADMINISTRATOR}), everything=True)


@dataclass(frozen=True)
class Shown:
    """A role as lists show it."""

    name: str
    about: str
    permissions: tuple[str, ...]
    #: How many accounts have it now.
    accounts: int


@dataclass(frozen=True)
class Given:
    """A role that an account has."""

    name: str
    about: str
    given_at: datetime
    until: datetime | None


def _lasts(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return or_(UserRole.until.is_(None), UserRole.until > now)


#: What one account may do now.
_GRANTED: Final = (
    select(Role.name, RolePermission.permission)
    .join_from(UserRole, Role, Role.id == UserRole.role_id)
    .outerjoin(RolePermission, RolePermission.role_id == Role.id)
    .where(UserRole.user_id == bindparam("whose"), _lasts(bindparam("now")))
)


def granted(db: Session, *, user: User, now: datetime) -> Granted:
    """Return what an account may do; nothing while it is not in use."""
    if not user.active:
        return NONE
    if user.is_admin:
        return EVERYTHING
    rows = db.execute(_GRANTED, {"whose": user.id, "now": now}).all()
    if not rows:
        return NONE
    return Granted(
        roles=frozenset(row.name for row in rows),
        permissions=frozenset(row.permission for row in rows if row.permission is not None),
    )


def rights(work: Work, *, by: User | None) -> Granted:
    """Return what whoever asks may do, as the database has it inside this transaction.

    Args:
        by: None where the command line asks, which may do everything.

    Raises:
        NotHere: the account is gone, suspended or closed.
    """
    if by is None:
        return EVERYTHING
    now = work.db.get(User, by.id, populate_existing=True)
    if now is None or not now.active:
        raise NotHere
    return granted(work.db, user=now, now=work.now)


def demand(work: Work, *, by: User | None, permission: str) -> Granted:
    """Return what whoever asks may do, if this is part of it.

    Raises:
        NotHere: it is not, or not any more.
    """
    work.house.part(Permissions).must_know(permission)
    mine = rights(work, by=by)
    if not mine.everything and permission not in mine.permissions:
        raise NotHere
    return mine


def demand_reach(work: Work, *, by: User | None, user: User, permission: str) -> None:
    """Return if somebody may do this to the account of somebody else.

    Call it after the account, or administration, is held.

    Raises:
        NotHere: they may not do it to anybody.
        OutOfReach: the other may do as much or more, or is they themselves.
    """
    mine = demand(work, by=by, permission=permission)
    if by is not None and by.id == user.id:
        raise OutOfReach
    theirs = granted(work.db, user=user, now=work.now)
    if not mine.may_act_on(theirs):
        raise OutOfReach


def everyone(db: Session, *, now: datetime) -> list[Shown]:
    """Return every role by its name, with what it allows."""
    allowed: dict[UUID, list[str]] = {}
    for row in db.execute(select(RolePermission.role_id, RolePermission.permission)):
        allowed.setdefault(row.role_id, []).append(row.permission)
    counting = select(UserRole.role_id, func.count().label("accounts")).where(_lasts(now))
    counted = {row.role_id: row.accounts for row in db.execute(counting.group_by(UserRole.role_id))}
    return [
        Shown(
            each.name, each.about, tuple(sorted(allowed.get(each.id, ()))), counted.get(each.id, 0)
        )
        for each in db.scalars(select(Role).order_by(Role.name))
    ]


def everyone_named(db: Session) -> list[str]:
    """Return the names of all roles."""
    return list(db.scalars(select(Role.name).order_by(Role.name)))


def one(db: Session, name: str) -> Role:
    """Return the role of this name, exactly. Raises: UnknownRole."""
    found = db.scalar(select(Role).where(Role.name == name))
    if found is None or found.name != name:
        raise UnknownRole
    return found


def permissions(db: Session, role: Role) -> frozenset[str]:
    """Return what a role allows."""
    found = select(RolePermission.permission).where(RolePermission.role_id == role.id)
    return frozenset(db.scalars(found))


def given(db: Session, *, user_id: UUID, now: datetime) -> list[Given]:
    """Return the roles of an account, by their names."""
    found = select(Role.name, Role.about, UserRole.given_at, UserRole.until)
    found = found.join_from(UserRole, Role, Role.id == UserRole.role_id)
    found = found.where(UserRole.user_id == user_id, _lasts(now)).order_by(Role.name)
    return [Given(*row) for row in db.execute(found)]


def make(
    work: Work,
    *,
    name: str,
    about: str = "",
    permissions: Collection[str] = (),
    by: User | None = None,
) -> Role:
    """Make a role.

    Args:
        by: who asks; None is the command line.

    Raises:
        RoleRefused: it cannot be called, or described, so.
        UndeclaredPermission: nobody declares one of them.
        RoleTaken: there is one.
        BeyondOwnRights: it would allow what `by` may not do.
    """
    kept, said = rules.role_name(name), rules.about(about)
    allowed = _declared(work, permissions)
    users.hold_administration(work)
    _demand_cover(work, by, allowed, permission="roles.edit")
    if work.db.scalar(select(Role.id).where(Role.name == kept)) is not None:
        raise RoleTaken
    role = Role(name=kept, about=said, created_at=work.now, updated_at=work.now)
    work.db.add(role)
    work.db.flush()
    work.db.add_all(RolePermission(role_id=role.id, permission=each) for each in sorted(allowed))
    work.db.flush()
    work.record(RoleMade(role=kept, permissions=tuple(sorted(allowed))))
    return role


def change(
    work: Work, *, name: str, about: str, permissions: Collection[str], by: User | None = None
) -> None:
    """Have a role allow something else, from the next request of whoever has it.

    What it allows and nobody declares any more stays unless it is left out.

    Raises:
        UnknownRole, RoleRefused, UndeclaredPermission: as for `make`.
        BeyondOwnRights: it allows, or would allow, what `by` may not do.
    """
    said = rules.about(about)
    users.hold_administration(work)
    role = one(work.db, name)
    before = _allowed(work, role)
    after = _declared(work, set(permissions) - before) | (set(permissions) & before)
    _demand_cover(work, by, before | after, permission="roles.edit")
    if after == before and said == role.about:
        return
    added, removed = sorted(after - before), sorted(before - after)
    gone = delete(RolePermission).where(
        RolePermission.role_id == role.id, RolePermission.permission.in_(removed)
    )
    work.db.execute(gone.execution_options(synchronize_session=False))
    work.db.add_all(RolePermission(role_id=role.id, permission=each) for each in added)
    role.about, role.updated_at = said, work.now
    work.db.flush()
    work.record(RoleChanged(role=name, added=tuple(added), removed=tuple(removed)))


def remove(work: Work, *, name: str, by: User | None = None) -> None:
    """Delete a role, and take it away from everybody.

    Raises:
        UnknownRole: there is none.
        BeyondOwnRights: it allows what `by` may not do.
    """
    users.hold_administration(work)
    role = one(work.db, name)
    _demand_cover(work, by, _allowed(work, role), permission="roles.edit")
    held = delete(UserRole).where(UserRole.role_id == role.id)
    accounts = changed(work.db, held.execution_options(synchronize_session=False))
    allowed = delete(RolePermission).where(RolePermission.role_id == role.id)
    work.db.execute(allowed.execution_options(synchronize_session=False))
    work.db.delete(role)
    work.db.flush()
    work.record(RoleRemoved(role=name, accounts=accounts))


def grant(
    work: Work, *, user: User, role: str, until: datetime | None = None, by: User | None = None
) -> None:
    """Give somebody a role, or another end of the one that they have.

    Args:
        role: its name, exactly.
        until: when it is over by itself; None is never.

    Raises:
        UnknownRole: there is none.
        AlreadyOver: that moment has passed.
        BeyondOwnRights: the role allows what `by` may not do.
        OutOfReach: the other may do as much or more.
        NotHere: `by` may not give roles.
    """
    if until is not None and until <= work.now:
        raise AlreadyOver
    users.hold_administration(work)
    found = one(work.db, role)
    _demand_cover(work, by, _allowed(work, found), permission="roles.grant")
    held = users.hold(work, user_id=user.id)
    demand_reach(work, by=by, user=held, permission="roles.grant")
    has = work.db.get(UserRole, (held.id, found.id), populate_existing=True)
    if has is None:
        has = UserRole(user_id=held.id, role_id=found.id, given_at=work.now, until=until)
        work.db.add(has)
    elif has.until == until:
        return
    elif has.until is not None and has.until <= work.now:
        has.given_at, has.until = work.now, until
    else:
        has.until = until
    work.db.flush()
    work.record(RoleGranted(user_id=held.id, role=role, until=until))


def revoke(work: Work, *, user: User, role: str, by: User | None = None) -> None:
    """Take a role away from somebody.

    Raises:
        UnknownRole: there is none.
        HasNoRole: they do not have it, or no more.
        BeyondOwnRights, OutOfReach, NotHere: as for `grant`.
    """
    users.hold_administration(work)
    found = one(work.db, role)
    _demand_cover(work, by, _allowed(work, found), permission="roles.grant")
    held = users.hold(work, user_id=user.id)
    demand_reach(work, by=by, user=held, permission="roles.grant")
    theirs = (UserRole.user_id == held.id) & (UserRole.role_id == found.id) & _lasts(work.now)
    gone = delete(UserRole).where(theirs).execution_options(synchronize_session=False)
    if changed(work.db, gone) != 1:
        raise HasNoRole
    work.record(RoleRevoked(user_id=held.id, role=role))


def _allowed(work: Work, role: Role) -> frozenset[str]:
    return permissions(work.db, role)


def _declared(work: Work, names: Iterable[str]) -> set[str]:
    known = work.house.part(Permissions).names
    wanted = set(names)
    for each in sorted(wanted - known):
        raise UndeclaredPermission(permission=each)
    return wanted


def _demand_cover(
    work: Work, by: User | None, allowed: Collection[str], *, permission: str
) -> None:
    mine = demand(work, by=by, permission=permission)
    if not mine.covers(Granted(permissions=frozenset(allowed))):
        raise BeyondOwnRights
