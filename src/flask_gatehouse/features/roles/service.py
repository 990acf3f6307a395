"""Make roles, give them to people, and say what somebody may do.

Every change holds the state of administration first, so that two of them follow each other, and
reads the rights of whoever asks after that: what was taken away a moment ago hands out nothing.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, delete, func, or_, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.roles import finding, rules
from flask_gatehouse.features.roles.errors import (
    AlreadyOver,
    BeyondOwnRights,
    ChangedMeanwhile,
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
from flask_gatehouse.features.roles.finding import EVERYTHING
from flask_gatehouse.features.roles.models import Role, RolePermission, UserRole
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rights import NONE, Granted

#: After every end that a role can have.
_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


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


@dataclass(frozen=True)
class Holder:
    """Somebody who has a role."""

    user: User
    given_at: datetime
    until: datetime | None


@dataclass(frozen=True)
class Holders:
    """One page of those who have a role."""

    items: Sequence[Holder]
    number: int
    pages: int
    total: int


def _lasts(now: datetime) -> ColumnElement[bool]:
    return or_(UserRole.until.is_(None), UserRole.until > now)


def granted(db: Session, *, user: User, now: datetime) -> Granted:
    """Return what an account may do, as a transaction sees it; nothing while it is put aside."""
    return if_used(db, user=user, now=now) if user.active else NONE


def if_used(db: Session, *, user: User, now: datetime) -> Granted:
    """Return what an account may do as soon as it is in use, also while it is put aside."""
    if user.is_admin:
        return EVERYTHING
    rows = db.execute(finding.ROLES_OF, {"whose": user.id}).all()
    return finding.of([(*each,) for each in rows], now=now)


def rights(work: Work, *, by: User | None, then: datetime | None = None) -> Granted:
    """Return what whoever asks may do, as the database has it inside this transaction.

    Args:
        by: None where the command line asks, which may do everything.
        then: only what they may still do at this moment, if it is later than now.

    Raises:
        NotHere: the account is gone, suspended or closed.
    """
    if by is None:
        return EVERYTHING
    epoch = by.epoch
    account = work.db.get(User, by.id, populate_existing=True)
    # Another epoch by now: what they were let in with is over.
    if account is None or not account.active or account.epoch != epoch:
        raise NotHere
    return weighed(work.house, granted(work.db, user=account, now=then or work.now))


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

    Call it after the account, or administration, is held. What a suspended or closed account could
    do before counts as if it were in use, because it may be again.

    Raises:
        NotHere: they may not do it to anybody.
        OutOfReach: the other may do as much or more, or is they themselves.
    """
    mine = demand(work, by=by, permission=permission)
    if by is not None and by.id == user.id:
        raise OutOfReach
    theirs = weighed(work.house, if_used(work.db, user=user, now=work.now))
    if not mine.may_act_on(theirs):
        raise OutOfReach


def reaches(work: Work, db: Session, *, by: User, user: User) -> bool:
    """Whether somebody may change the account of somebody else, for a page that offers it.

    What then is done asks `demand_reach`, with the account held.
    """
    mine = weighed(work.house, granted(db, user=by, now=work.now))
    theirs = weighed(work.house, if_used(db, user=user, now=work.now))
    return by.id != user.id and mine.may_act_on(theirs)


def may_go_on(work: Work, *, by: UUID | None, user: User, permission: str) -> bool:
    """Whether what somebody began for an account, and which ends later, still goes on.

    Call it after the account is held: until the commit it rises no higher.

    Args:
        by: who began it; None is the command line.
    """
    if by is None:
        return True
    asker = work.db.get(User, by)
    if asker is None:
        return False
    try:
        demand_reach(work, by=asker, user=user, permission=permission)
    except (NotHere, OutOfReach):
        return False
    return True


def weighed(house: House, found: Granted) -> Granted:
    """Return what counts of what somebody may do, where it is held against somebody else.

    Not what nobody declares any more: it allows nothing, and puts nobody above another. A role that
    code asks for by its name opens something whatever it allows, so to have it counts as well.
    """
    if found.everything:
        return found
    known = house.part(Permissions)
    counts = found.permissions & known.names | _by_name(found.roles & known.roles_asked_for())
    return Granted(roles=found.roles, permissions=counts)


def _by_name(names: Iterable[str]) -> frozenset[str]:
    """Return what roles are worth by their names: no permission is written so."""
    return frozenset(f"role {name}" for name in names)


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


def offered(work: Work, db: Session, *, by: User) -> list[str]:
    """Return the names of the roles that somebody may hand out, for a page that offers them.

    What then is done asks `grant`.
    """
    mine = weighed(work.house, granted(db, user=by, now=work.now))
    found: dict[str, set[str]] = {name: set(_worth(work, name)) for name in everyone_named(db)}
    allowed = select(Role.name, RolePermission.permission).join(
        RolePermission, RolePermission.role_id == Role.id
    )
    for name, permission in db.execute(allowed):
        found[name].add(permission)
    return [
        name for name, worth in found.items() if mine.covers(Granted(permissions=frozenset(worth)))
    ]


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


def holders(db: Session, *, role: Role, now: datetime, number: int = 1, size: int = 50) -> Holders:
    """Return one page of those who have a role, by their names.

    Args:
        number: from 1; beyond the last one the last page is returned.
    """
    have = (UserRole.role_id == role.id) & _lasts(now)
    total = db.scalar(select(func.count()).select_from(UserRole).where(have)) or 0
    pages = max(1, -(-total // size))
    number = min(max(1, number), pages)
    found = select(User, UserRole.given_at, UserRole.until).join(
        UserRole, UserRole.user_id == User.id
    )
    found = found.where(have).order_by(User.username, User.id)
    rows = db.execute(found.limit(size).offset((number - 1) * size))
    return Holders([Holder(*row) for row in rows], number, pages, total)


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
        BeyondOwnRights: it would allow what `by` may not do, or only for a time.
    """
    kept, said = rules.role_name(name), rules.about(about)
    allowed = _declared(work, permissions)
    users.hold_administration(work)
    _demand_cover(work, by, allowed | _worth(work, kept), permission="roles.edit")
    _demand_lasting(work, by, allowed, until=None)
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
    work: Work,
    *,
    name: str,
    about: str,
    permissions: Collection[str],
    seen: Collection[str] | None = None,
    by: User | None = None,
) -> None:
    """Have a role allow something else, from the next request of whoever has it.

    What it allows and nobody declares any more stays unless it is left out.

    Args:
        seen: what it allowed when whoever asks looked at it; None if nobody looked.

    Raises:
        UnknownRole, RoleRefused, UndeclaredPermission: as for `make`.
        ChangedMeanwhile: it allows something else by now.
        BeyondOwnRights: it allows, or would allow, what `by` may not do, or only for a time.
        OutOfReach: it is to allow something else, and `by` has it themselves, or somebody who may
            do as much or more.
    """
    said = rules.about(about)
    users.hold_administration(work)
    role = one(work.db, name)
    before = _allowed(work, role)
    if seen is not None and before != set(seen):
        raise ChangedMeanwhile
    after = _declared(work, set(permissions) - before) | (set(permissions) & before)
    _demand_cover(work, by, before | after | _worth(work, name), permission="roles.edit")
    if after == before and said == role.about:
        return
    if after != before:
        _demand_lasting(work, by, after - before, until=None)
        _demand_reach_of_holders(work, by, role)
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
        OutOfReach: `by` has it themselves, or somebody who may do as much or more.
    """
    users.hold_administration(work)
    role = one(work.db, name)
    worth = _allowed(work, role) | _worth(work, name)
    _demand_cover(work, by, worth, permission="roles.edit")
    _demand_reach_of_holders(work, by, role)
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
        BeyondOwnRights: the role allows what `by` may not do, or not for so long.
        OutOfReach: the other may do as much or more.
        NotHere: `by` may not give roles.
    """
    if until is not None and until <= work.now:
        raise AlreadyOver
    users.hold_administration(work)
    found = one(work.db, role)
    worth = _allowed(work, found) | _worth(work, role)
    _demand_cover(work, by, worth, permission="roles.grant")
    _demand_lasting(work, by, worth, until=until)
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
    worth = _allowed(work, found) | _worth(work, role)
    _demand_cover(work, by, worth, permission="roles.grant")
    held = users.hold(work, user_id=user.id)
    demand_reach(work, by=by, user=held, permission="roles.grant")
    theirs = (UserRole.user_id == held.id) & (UserRole.role_id == found.id) & _lasts(work.now)
    gone = delete(UserRole).where(theirs).execution_options(synchronize_session=False)
    if changed(work.db, gone) != 1:
        raise HasNoRole
    work.record(RoleRevoked(user_id=held.id, role=role))


def _allowed(work: Work, role: Role) -> frozenset[str]:
    return permissions(work.db, role)


def _worth(work: Work, role: str) -> frozenset[str]:
    """Return what a role is worth by its name alone: nothing, unless code asks for it."""
    asked_for = work.house.part(Permissions).roles_asked_for()
    return _by_name({role} & asked_for)


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


def _demand_lasting(
    work: Work, by: User | None, allowed: Collection[str], *, until: datetime | None
) -> None:
    """Refuse to hand something out for longer than whoever asks has it themselves."""
    # A role that ends at this very moment lasts as long as what is handed out.
    then = _FOR_EVER if until is None else until - timedelta(microseconds=1)
    lasting = rights(work, by=by, then=then)
    if not lasting.covers(Granted(permissions=frozenset(allowed))):
        raise BeyondOwnRights


def _demand_reach_of_holders(work: Work, by: User | None, role: Role) -> None:
    """Refuse to change what somebody may do who is out of reach, by changing a role of theirs."""
    mine = rights(work, by=by)
    if mine.everything:
        return
    theirs = (
        select(UserRole.user_id)
        .join(User, User.id == UserRole.user_id)
        .join(Role, Role.id == UserRole.role_id)
        .outerjoin(RolePermission, RolePermission.role_id == UserRole.role_id)
        .where(_lasts(work.now), UserRole.user_id.in_(_having(role, now=work.now)))
        .group_by(UserRole.user_id)
    )
    known = work.house.part(Permissions)
    permission, own = RolePermission.permission, sorted(known.names & mine.permissions)
    beyond = sorted(known.names - mine.permissions)
    named = sorted(known.roles_asked_for() - mine.roles)
    shared = func.count(func.distinct(case((permission.in_(own), permission))))
    more = func.count(case((permission.in_(beyond), permission)))
    rank = func.max(case((or_(User.is_admin, Role.name.in_(named)), 1), else_=0))
    is_own = UserRole.user_id == (by.id if by is not None else None)
    found = theirs.having(or_(shared >= len(own), more > 0, rank > 0, is_own)).limit(1)
    if work.db.scalar(found) is not None:
        raise OutOfReach


def _having(role: Role, *, now: datetime) -> Select[UUID]:
    return select(UserRole.user_id).where(UserRole.role_id == role.id, _lasts(now))
