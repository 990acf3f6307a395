"""Find events in a record of any size.

Each look begins with the one filter that has an index, and reads no more rows of it than it says:
a page costs the same whether the record has a thousand rows or ten million.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.events import Vocabulary
from flask_gatehouse.core.house import House
from flask_gatehouse.core.moments import moment
from flask_gatehouse.core.text import one_line
from flask_gatehouse.features.audit import reading
from flask_gatehouse.features.audit.names import Names
from flask_gatehouse.features.audit.places import Place
from flask_gatehouse.features.audit.reading import RECORD, Wanted
from flask_gatehouse.features.audit.rules import was_forgotten
from flask_gatehouse.features.record import rules
from flask_gatehouse.features.record.errors import NoMoment
from flask_gatehouse.features.record.rules import LOOKED_AT, PAGE, Asked

#: Rows of each lane that one look at what came since reads.
_OF_A_LANE: Final = 100

#: No request takes longer.
_AROUND: Final = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Person:
    """An account that an event names. Who is gone has no name any more."""

    id: UUID
    name: str | None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One event, as the page shows it."""

    place: Place
    name: str
    meaning: str
    refused: bool
    at: datetime
    about: Person | None
    by: Person | None
    channel: str
    address: str | None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some events, the newest first."""

    entries: list[Entry]
    #: Where older ones begin; None if there are none.
    older: Place | None
    #: Down to when the record was looked through, if that is not all of it.
    looked_until: datetime | None = None
    #: How far each lane was seen.
    seen: str = ""
    #: Whether more came since than one look shows.
    more: bool = False


@dataclass(frozen=True, kw_only=True)
class Whole:
    """All that the record says of one event."""

    entry: Entry
    facts: list[tuple[str, str]]
    row: Row[Any]
    #: Whether it was forgotten from where and what, because the account was erased.
    forgotten: bool

    @property
    def around(self) -> tuple[datetime, datetime]:
        """The time around it, within which the others of its request are found fast."""
        return self.entry.at - _AROUND, self.entry.at + _AROUND


def wanted(house: House, db: Session, asked: Asked) -> Wanted:
    """Return which rows somebody means.

    Raises:
        NoMoment: a time is none.
        Refusal: nobody has the name.
    """
    return Wanted(
        user_id=_id_of(house, db, asked.person),
        actor_id=_id_of(house, db, asked.actor),
        event=asked.event or None,
        outcome=asked.outcome or None,
        address=asked.address or None,
        request_id=asked.request or None,
        since=_moment(house, "From", asked.since),
        until=_moment(house, "Before", asked.until),
    )


def page(house: House, db: Session, wanted: Wanted, *, before: Place | None = None) -> Page:
    """Return the newest events, or those before a place."""
    now = rules.written(_ends(db)) if before is None else ""
    within = _within(wanted, before)
    looks = [
        _look(db, [*lead, *within], rest) for lead, rest in _leads(wanted, _names(house, wanted))
    ]
    horizons = [look.horizon for look in looks if look.horizon is not None]
    horizon = max(horizons, default=None)
    found = [row for look in looks for row in look.rows]
    if horizon is not None:
        found = [row for row in found if (row.at, row.id) >= (horizon.at, horizon.id)]
    found.sort(key=lambda row: (row.at, row.id), reverse=True)
    entries = _entries(house, db, found[:PAGE])
    if len(found) > PAGE:
        return Page(entries=entries, older=entries[-1].place, seen=now)
    looked_until = None if horizon is None else horizon.at
    return Page(entries=entries, older=horizon, looked_until=looked_until, seen=now)


def since(house: House, db: Session, wanted: Wanted, *, seen: Mapping[int, int]) -> Page:
    """Return what was added after what was seen: in its lane no row comes in late."""
    found: list[Row[Any]] = []
    told: dict[int, int] = {}
    more = False
    for lane, ends in reading.ends(db).items():
        known = seen.get(lane, ends.begins_after)
        # A lane that began anew has fewer rows than were seen in it, and is shown from there.
        known = known if known <= ends.sequence else ends.begins_after
        rows = _of_lane(db, lane, known) if ends.sequence > known else []
        told[lane] = rows[-1].sequence if rows else max(known, ends.begins_after)
        more = more or len(rows) == _OF_A_LANE
        found += [row for row in rows if wanted.takes(row)]
    found.sort(key=lambda row: (row.at, row.id), reverse=True)
    entries = _entries(house, db, found)
    return Page(entries=entries, older=None, seen=rules.written(told), more=more)


def one(house: House, db: Session, *, place: Place) -> Whole | None:
    """Return one event in full; None if there is none at this place."""
    row = db.execute(
        select(RECORD).where(RECORD.c.at == place.at, RECORD.c.id == place.id)
    ).one_or_none()
    if row is None:
        return None
    return Whole(
        entry=_entries(house, db, [row])[0],
        facts=[(name, _plain(value)) for name, value in sorted(row.facts.items())],
        row=row,
        forgotten=was_forgotten(house.keys, row._mapping),  # noqa: SLF001 - public in all but name
    )


def kinds(house: House) -> dict[str, list[str]]:
    """Return every event that can happen here, by its family."""
    return rules.families(house.part(Vocabulary).meanings())


@dataclass(frozen=True)
class _Look:
    """What one look found, and how far down it looked if that is not all of it."""

    rows: list[Row[Any]]
    horizon: Place | None


def _look(
    db: Session, lead: Sequence[ColumnElement[bool]], rest: Sequence[ColumnElement[bool]]
) -> _Look:
    """Return rows that meet all conditions, of as many that meet the first as are looked at."""
    newest = (RECORD.c.at.desc(), RECORD.c.id.desc())
    horizon = None
    conditions = [*lead, *rest]
    if rest:
        last = select(RECORD.c.at, RECORD.c.id).where(*lead).order_by(*newest)
        found = db.execute(last.offset(LOOKED_AT - 1).limit(1)).one_or_none()
        if found is not None:
            horizon = Place(found.at, found.id)
            conditions.append(RECORD.c.at >= horizon.at)
    rows = select(RECORD).where(*conditions).order_by(*newest).limit(PAGE + 1)
    return _Look(list(db.execute(rows).all()), horizon)


_Lead = tuple[list[ColumnElement[bool]], list[ColumnElement[bool]]]


def _leads(wanted: Wanted, names: Collection[str]) -> list[_Lead]:
    """Return the conditions that an index answers, each with those that are left.

    Of one event after the other: an index by name and time has the newest of each at hand, and of
    a family it has not.
    """
    columns = RECORD.c
    exact = {
        columns.user_id: wanted.user_id,
        columns.actor_id: wanted.actor_id,
        columns.address: wanted.address,
    }
    found = [column == value for column, value in exact.items() if value is not None]
    rest = [
        column == value
        for column, value in {
            columns.request_id: wanted.request_id,
            columns.outcome: wanted.outcome,
        }.items()
        if value is not None
    ]
    if found:
        by_name = [columns.name.in_(names)] if names else []
        return [(found[:1], [*found[1:], *by_name, *rest])]
    if names:
        return [([columns.name == name], rest) for name in names]
    return [([], rest)]


def _within(wanted: Wanted, before: Place | None) -> list[ColumnElement[bool]]:
    found = []
    if wanted.since is not None:
        found.append(RECORD.c.at >= wanted.since)
    if wanted.until is not None:
        found.append(RECORD.c.at < wanted.until)
    if before is not None:
        found.append(reading.earlier(before))
    return found


def _names(house: House, wanted: Wanted) -> list[str]:
    if wanted.event is None:
        return []
    return rules.members(wanted.event, house.part(Vocabulary).meanings())


def _of_lane(db: Session, lane: int, known: int) -> list[Row[Any]]:
    rows: Select[Any] = reading.of_lane(lane).where(RECORD.c.sequence > known)
    return list(db.execute(rows.limit(_OF_A_LANE)).all())


def _ends(db: Session) -> dict[int, int]:
    return {lane: ends.sequence for lane, ends in reading.ends(db).items()}


def _entries(house: House, db: Session, rows: Sequence[Row[Any]]) -> list[Entry]:
    meanings = house.part(Vocabulary).meanings()
    ids = {each for row in rows for each in (row.user_id, row.actor_id) if each is not None}
    names = house.part(Names).of(db, ids)
    return [_entry(row, meanings, names) for row in rows]


def _entry(row: Row[Any], meanings: Mapping[str, str], names: Mapping[UUID, str]) -> Entry:
    return Entry(
        place=Place(row.at, row.id),
        name=row.name,
        meaning=meanings.get(row.name, "An event of another release."),
        refused=row.outcome == "refused",
        at=row.at,
        about=_person(row.user_id, names),
        by=_person(row.actor_id, names),
        channel=row.channel,
        address=row.address,
    )


def _person(user_id: UUID | None, names: Mapping[UUID, str]) -> Person | None:
    return None if user_id is None else Person(id=user_id, name=names.get(user_id))


def _plain(value: object) -> str:
    if isinstance(value, list):
        return one_line(", ".join(str(each) for each in value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else one_line(str(value))


def _id_of(house: House, db: Session, text: str) -> UUID | None:
    """Return whose account is meant: an id works for accounts that are gone as well."""
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        return house.part(Names).id_of(db, text)


def _moment(house: House, field: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        return moment(text, now=house.clock.now())
    except ValueError:
        raise NoMoment(field=field) from None
