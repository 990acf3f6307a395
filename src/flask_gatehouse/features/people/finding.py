"""Find people, a page at a time: where the last page ended is where the next one begins.

No page is found by counting rows, so the millionth costs what the first does. Of what narrows a
list nobody can say beforehand how many it leaves: where they are few, they are found first and put
in order after that; where they are many, the order is followed, in which some of them come soon.
A server that guesses which of the two it is guesses wrong too often with a million accounts.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.expression import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.leaving.models import Departure
from flask_gatehouse.features.mfa import policy
from flask_gatehouse.features.people.rules import Place, Sort, State, Wanted
from flask_gatehouse.features.roles.models import Role, UserRole
from flask_gatehouse.features.users.models import Identifier, User

#: People on one page.
PAGE: Final = 50

#: Nobody counts beyond it.
COUNTED: Final = 10_000

#: So many are put in order after they were found.
_FEW: Final = 2_500

#: After everything that is spelled in text.
_LAST: Final = chr(0x10FFFF)


@dataclass(frozen=True)
class Listed:
    """One person as lists show them."""

    user: User
    roles: tuple[str, ...]
    second_step: bool
    state: Literal["active", "suspended", "deactivated", "leaving"]


@dataclass(frozen=True)
class Page:
    """Some people in their order."""

    people: Sequence[Listed]
    #: Where those before and after it are; None if there are none.
    before: Place | None
    after: Place | None


@dataclass(frozen=True)
class Look:
    """How many are wanted, up to one more than are counted, and who, if they are few."""

    total: int
    few: Sequence[UUID] | None = None


@dataclass(frozen=True)
class _Part:
    """A stretch of the list in which one order holds."""

    condition: ColumnElement[bool]
    keys: tuple[InstrumentedAttribute[Any], ...]
    falling: bool
    #: Whether names are put in the order in which PostgreSQL finds their beginnings.
    by_beginning: bool = False
    #: Whether it is asked how many of this stretch there are, before the order is followed.
    looks: bool = False


_SIGNED_IN: Final = User.signed_in_at.is_not(None)
_PARTS: Final[Mapping[Sort, tuple[_Part, ...]]] = {
    "name": (_Part(true(), (Identifier.canonical,), falling=False),),
    "created": (_Part(true(), (User.created_at, User.id), falling=True),),
    "seen": (
        _Part(_SIGNED_IN, (User.signed_in_at, User.id), falling=True),
        _Part(~_SIGNED_IN, (User.id,), falling=True),
    ),
}


def page(
    house: House,
    db: Session,
    wanted: Wanted,
    *,
    now: datetime,
    found: Look | None = None,
    after: Place | None = None,
    before: Place | None = None,
    size: int = PAGE,
) -> Page:
    """Return a page of the people who are wanted.

    Args:
        found: what a look at them found; without it they are looked at.
        after: only who stands behind this place.
        before: only who stands in front of it; asked for when going back.
    """
    back = before is not None
    few = found.few if found is not None else _few_of(house, db, wanted, now=now)
    rows = _rows(
        house, db, wanted, now=now, few=few, start=before or after, back=back, size=size + 1
    )
    further = len(rows) > size
    rows = rows[:size]
    if back:
        rows.reverse()
    first, last = (rows[0][1], rows[-1][1]) if rows else (None, None)
    behind = first if (further if back else after is not None) else None
    ahead = last if (before is not None or further) else None
    return Page(listed(house, db, [user for user, _ in rows], now=now), behind, ahead)


def everyone(works: Works, wanted: Wanted, *, size: int = 500) -> Iterator[Listed]:
    """Yield all who are wanted, a page at a time; nothing is held open meanwhile."""
    after: Place | None = None
    while True:
        with works.reading() as db:
            now = works.house.clock.now()
            found = page(works.house, db, wanted, now=now, after=after, size=size)
        yield from found.people
        if found.after is None:
            return
        after = found.after


def ids(house: House, db: Session, wanted: Wanted, *, now: datetime, most: int) -> list[UUID]:
    """Return the ids of up to so many who are wanted, in the order of the list."""
    few = _few_of(house, db, wanted, now=now)
    rows = _rows(house, db, wanted, now=now, few=few, start=None, back=False, size=most)
    return [user.id for user, _ in rows]


def look(house: House, db: Session, wanted: Wanted, *, now: datetime) -> Look:
    """Look how many are wanted, and who they are if they are few."""
    few = _few_of(house, db, wanted, now=now)
    return Look(count(house, db, wanted, now=now) if few is None else len(few), few)


def _few_of(house: House, db: Session, wanted: Wanted, *, now: datetime) -> Sequence[UUID] | None:
    return _few(db, _conditions(house, db, wanted, now=now)) if wanted.narrows else None


def _few(db: Session, conditions: Collection[ColumnElement[bool]]) -> Sequence[UUID] | None:
    """Return who they are; None if they are many."""
    found = db.scalars(select(User.id).where(*conditions).limit(_FEW + 1)).all()
    return found if len(found) <= _FEW else None


def count(
    house: House, db: Session, wanted: Wanted, *, now: datetime, most: int | None = COUNTED
) -> int:
    """Count who is wanted, up to one more than `most`; None counts all."""
    found = select(User.id).where(*_conditions(house, db, wanted, now=now))
    bounded = found if most is None else found.limit(most + 1)
    return db.scalar(select(func.count()).select_from(bounded.subquery())) or 0


def listed(house: House, db: Session, users: Sequence[User], *, now: datetime) -> list[Listed]:
    """Return accounts as lists show them."""
    whose = [user.id for user in users]
    roles = _roles(db, whose, now=now)
    with_step = set(db.scalars(policy.those_with(house, whose))) if whose else set()
    leaving = _leaving(db, whose)
    return [
        Listed(
            user,
            tuple(roles.get(user.id, ())),
            user.id in with_step,
            state_of(user, leaving=user.id in leaving),
        )
        for user in users
    ]


def state_of(
    user: User, *, leaving: bool
) -> Literal["active", "suspended", "deactivated", "leaving"]:
    """Return in which state an account is."""
    if user.active:
        return "active"
    if user.deactivated_at is not None:
        return "deactivated"
    return "leaving" if leaving else "suspended"


def _rows(
    house: House,
    db: Session,
    wanted: Wanted,
    *,
    now: datetime,
    few: Sequence[UUID] | None,
    start: Place | None,
    back: bool,
    size: int,
) -> list[tuple[User, Place]]:
    conditions = _conditions(house, db, wanted, now=now) if few is None else [User.id.in_(few)]
    parts = list(enumerate(_parts(db, wanted)))
    if back:
        parts.reverse()
    if start is not None:
        parts = [
            each for each in parts if (each[0] <= start.part if back else each[0] >= start.part)
        ]
    listed: list[tuple[User, Place]] = []
    for number, part in parts:
        place = start if start is not None and start.part == number else None
        narrowed = _narrowed(db, part, conditions) if few is None and part.looks else conditions
        asked = _of_part(part, narrowed, place, falling=part.falling != back)
        rows = db.execute(asked.limit(size - len(listed))).all()
        listed += [(row.User, _place(wanted.sort, number, row)) for row in rows]
        if len(listed) == size:
            break
    return listed


def _parts(db: Session, wanted: Wanted) -> Sequence[_Part]:
    """Return the stretches of a list.

    Of people whose names or addresses begin with something, those come first whose names do: in the
    order of names they stand together, and are found without looking at those in front of them.
    """
    if wanted.sort != "name" or wanted.anywhere or not wanted.search:
        return _PARTS[wanted.sort]
    keys = (Identifier.canonical,)
    begins = _begins(db, Identifier.canonical, wanted.search)
    by_beginning = db.get_bind().dialect.name == "postgresql"
    return (
        _Part(begins, keys, falling=False, by_beginning=by_beginning),
        _Part(~begins, keys, falling=False, looks=True),
    )


def _narrowed(
    db: Session, part: _Part, conditions: Collection[ColumnElement[bool]]
) -> Collection[ColumnElement[bool]]:
    """Return what holds for those of a stretch; who they are, if they are few."""
    named = select(Identifier.user_id).where(Identifier.kind == "username", part.condition)
    few = _few(db, [*conditions, User.id.in_(named.correlate(None))])
    return conditions if few is None else [User.id.in_(few)]


def _of_part(
    part: _Part, conditions: Collection[ColumnElement[bool]], place: Place | None, *, falling: bool
) -> Select[Any]:
    asked: Select[Any] = select(User, part.keys[0].label("key"))
    if part.keys[0] is Identifier.canonical:
        named = (Identifier.user_id == User.id) & (Identifier.kind == "username")
        asked = asked.join(Identifier, named)
    asked = asked.where(part.condition, *conditions)
    if part.by_beginning:
        return _by_beginning(asked, place, falling=falling)
    if place is not None:
        asked = asked.where(_beyond(part, place, falling=falling))
    return asked.order_by(*(key.desc() if falling else key.asc() for key in part.keys))


def _by_beginning(asked: Select[Any], place: Place | None, *, falling: bool) -> Select[Any]:
    """Put names in the order of their characters, which PostgreSQL's index of beginnings has."""
    sign = "~>~" if falling else "~<~"
    if place is not None:
        beyond = "~<~" if falling else "~>~"
        asked = asked.where(Identifier.canonical.bool_op(beyond)(place.key))
    name: ColumnElement[str] = Identifier.__table__.c.canonical
    return asked.order_by(UnaryExpression(name, modifier=custom_op(f"USING {sign}")))


def _beyond(part: _Part, place: Place, *, falling: bool) -> ColumnElement[bool]:
    """Return what stands behind a place. The bound comes first: by it an index is entered."""
    first, *rest = part.keys
    at = place.user_id if first is User.id else place.key
    strictly = first < at if falling else first > at
    if not rest:
        return strictly
    other = rest[0] < place.user_id if falling else rest[0] > place.user_id
    return and_(first <= at if falling else first >= at, or_(strictly, other))


def _place(sort: Sort, number: int, row: Any) -> Place:  # noqa: ANN401 - a row of SQLAlchemy
    key = None if (sort, number) == ("seen", 1) else row.key
    return Place(sort, number, key, row.User.id)


def _conditions(
    house: House, db: Session, wanted: Wanted, *, now: datetime
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.search:
        found.append(_matches(db, wanted))
    if wanted.administrators:
        found.append(User.is_admin.is_(True))
    elif wanted.role:
        has = select(UserRole.user_id).join(Role, Role.id == UserRole.role_id)
        lasting = or_(UserRole.until.is_(None), UserRole.until > now)
        found.append(User.id.in_(has.where(Role.name == wanted.role, lasting)))
    if wanted.state is not None:
        found.append(_in_state(wanted.state))
    if wanted.factor is not None:
        found.append(policy.enrolled(house, has=wanted.factor))
    if wanted.idle_days is not None:
        since = now - timedelta(days=wanted.idle_days)
        never = User.signed_in_at.is_(None) & (User.created_at < since)
        found.append(or_(User.signed_in_at < since, never))
    return found


def _matches(db: Session, wanted: Wanted) -> ColumnElement[bool]:
    """Return what holds for those who are searched for; who they are, if they are few.

    Names are asked alone for that, so that no server weighs them against the other conditions.
    """
    text = wanted.search
    if wanted.anywhere:
        matches = Identifier.canonical.contains(text, autoescape=True)
    else:
        matches = _begins(db, Identifier.canonical, text)
    named = select(Identifier.user_id).where(matches)
    few = db.scalars(named.limit(_FEW + 1)).all()
    return User.id.in_(set(few) if len(few) <= _FEW else named.correlate(None))


def _begins(db: Session, column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    begins = column.startswith(text, autoescape=True)
    if db.get_bind().dialect.name == "sqlite":
        # It enters an index by bounds, and by no pattern.
        begins &= column.between(text, text + _LAST)
    return begins


def _in_state(state: State) -> ColumnElement[bool]:
    if state == "active":
        return User.active.is_(True)
    if state == "unconfirmed":
        proven = (Identifier.kind == "email") & Identifier.proven_at.is_not(None)
        own = proven & (Identifier.user_id == User.id)
        return ~select(Identifier.user_id).where(own).correlate(User).exists()
    closed = User.active.is_(False)
    if state == "deactivated":
        return closed & User.deactivated_at.is_not(None)
    leaving = (Departure.user_id == User.id) & (Departure.epoch == User.epoch)
    goes = select(Departure.user_id).where(leaving).correlate(User).exists()
    return closed & User.deactivated_at.is_(None) & (goes if state == "leaving" else ~goes)


def _roles(db: Session, whose: Sequence[UUID], *, now: datetime) -> dict[UUID, list[str]]:
    if not whose:
        return {}
    asked = select(UserRole.user_id, Role.name).join(Role, Role.id == UserRole.role_id)
    lasting = or_(UserRole.until.is_(None), UserRole.until > now)
    asked = asked.where(UserRole.user_id.in_(whose), lasting).order_by(Role.name)
    found: dict[UUID, list[str]] = {}
    for row in db.execute(asked):
        found.setdefault(row.user_id, []).append(row.name)
    return found


def _leaving(db: Session, whose: Sequence[UUID]) -> set[UUID]:
    if not whose:
        return set()
    as_left = (Departure.user_id == User.id) & (Departure.epoch == User.epoch)
    asked = (
        select(User.id).join(Departure, as_left).where(User.id.in_(whose), User.active.is_(False))
    )
    return set(db.scalars(asked))
