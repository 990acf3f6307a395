"""What is known of the chain: its lanes, when it was last looked through, what is due to go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.features.audit import reading, rules
from flask_gatehouse.features.audit.events import DamageFound, RecordPruned, RecordVerified
from flask_gatehouse.features.audit.reading import RECORD
from flask_gatehouse.features.audit.settings import AuditSettings
from flask_gatehouse.features.audit.verifying import MEANINGS, head_of


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One lane."""

    number: int
    #: What stands in it.
    holds: str
    #: Places of its first and last row; the same as nothing if it is empty.
    first: int
    last: int
    first_at: datetime | None
    last_at: datetime | None
    pruned_through: int
    sealed: bool

    @property
    def rows(self) -> int:
        """How many rows it has, if none is missing."""
        return self.last - self.first + 1


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The last time that the whole record was looked through."""

    at: datetime
    rows: int
    damages: int
    #: What was wrong, in words.
    found: list[str]
    lanes: list[int]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How long one kind of row is kept."""

    days: int
    oldest: datetime | None
    #: When the oldest of them may go; None if there is none.
    due: datetime | None


@dataclass(frozen=True, kw_only=True)
class Chain:
    """All of it."""

    lanes: list[Lane]
    verified: Verification | None
    done: Kept
    refused: Kept
    #: When rows were last pruned, and how many.
    pruned_at: datetime | None
    pruned_rows: int


def chain(house: House, db: Session) -> Chain:
    """Return what is known, by a few steps in indexes: nothing is verified here."""
    lanes = [_lane(house, db, ends) for _, ends in sorted(reading.ends(db).items())]
    settings = house.settings[AuditSettings]
    pruned = _newest(db, RecordPruned.name)
    return Chain(
        lanes=[lane for lane in lanes if lane.last or not lane.sealed],
        verified=_verified(db),
        done=_kept(lanes, settings.retention, refusals=False),
        refused=_kept(lanes, settings.refusal_retention, refusals=True),
        pruned_at=None if pruned is None else pruned.at,
        pruned_rows=0 if pruned is None else pruned.facts["rows"],
    )


def _lane(house: House, db: Session, ends: Row[Any]) -> Lane:
    rows = reading.of_lane(ends.lane, RECORD.c.at)
    first = db.scalar(rows.limit(1))
    last = db.scalar(rows.where(RECORD.c.sequence == ends.sequence).limit(1))
    return Lane(
        number=ends.lane,
        holds=_holds(ends.lane),
        first=ends.begins_after + 1,
        last=ends.sequence,
        first_at=first,
        last_at=last,
        pruned_through=ends.begins_after,
        sealed=rules.is_sealed(house.keys, head_of(ends), seal=ends.seal, key_id=ends.key_id),
    )


def _holds(lane: int) -> str:
    what = "refused" if rules.holds_refusals(lane) else "done"
    return f"{what}, adopted" if lane in rules.ADOPTED.values() else what


def _kept(lanes: list[Lane], span: timedelta, *, refusals: bool) -> Kept:
    oldest = min(
        (
            lane.first_at
            for lane in lanes
            if lane.first_at is not None and rules.holds_refusals(lane.number) is refusals
        ),
        default=None,
    )
    return Kept(days=span.days, oldest=oldest, due=None if oldest is None else oldest + span)


def _verified(db: Session) -> Verification | None:
    found = [_newest(db, name) for name in (RecordVerified.name, DamageFound.name)]
    newest = max((row for row in found if row is not None), key=lambda row: row.at, default=None)
    if newest is None:
        return None
    facts: Mapping[str, Any] = newest.facts
    said: Mapping[str, str] = MEANINGS  # type: ignore[assignment] # names that were written down
    return Verification(
        at=newest.at,
        rows=facts["rows"],
        damages=facts.get("damages", 0),
        found=[said.get(kind, kind) for kind in facts.get("kinds", ())],
        lanes=list(facts.get("lanes", ())),
    )


def _newest(db: Session, name: str) -> Row[Any] | None:
    rows: Select[Any] = select(RECORD.c.at, RECORD.c.facts).where(RECORD.c.name == name)
    return db.execute(rows.order_by(RECORD.c.at.desc()).limit(1)).first()
