"""The numbers: of all processes from the database, and of this one as it knows them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from sqlalchemy import QueuePool, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from flask_gatehouse.core.errors import Unavailable
from flask_gatehouse.db.upkeep import Upkeep
from flask_gatehouse.db.work import Works
from flask_gatehouse.feature import Feature, load
from flask_gatehouse.features.audit import reading
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.metrics import rules
from flask_gatehouse.features.metrics.rules import Family, Sample, number, numbers
from flask_gatehouse.features.metrics.tally import BOUNDS, Durations, Tally
from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.statistics import service as statistics

#: Letters that are counted at most.
MOST: Final = 1000

#: Events that are told as numbers: what the numbers are called, a label, and its values.
_REFUSALS: Final = {"first": "login.refused", "second": "login.second_step_refused"}
_LETTERS: Final = {"sent": "mail.sent", "given up": "mail.dead"}

_TODAY: Final = "since midnight UTC"


def look(works: Works, features: Sequence[Feature]) -> list[Family]:
    """Return every number. Without the database, those that this process knows by itself."""
    own = [_build(), *_process(works)]
    try:
        with works.reading() as db:
            shared = list(_shared(db, works, features))
    except (SQLAlchemyError, Unavailable):
        shared = []
    meaning = "Whether the database answered."
    return [number("gatehouse_database_up", meaning, int(bool(shared))), *shared, *own]


def _shared(db: Session, works: Works, features: Sequence[Feature]) -> Iterator[Family]:
    """Yield what is the same whichever process is asked. Nothing of it reads a large table."""
    today = statistics.today(db, now=works.house.clock.now())
    yield from _happened(today, _limits(features))
    counted = statistics.counted_at(db)
    if counted is not None:
        yield number(
            "gatehouse_statistics_counted_timestamp_seconds",
            "When the record was counted last.",
            counted.timestamp(),
        )
    yield from _there_is(statistics.gauges(db))
    yield number(
        "gatehouse_record_rows_written_total",
        "Rows that were ever written into the record.",
        reading.rows_written(db),
    )
    due = (Letter.sent_at.is_(None)) & (Letter.dead_at.is_(None))
    due &= Letter.next_try_at <= works.house.clock.now()
    some = select(Letter.next_try_at).where(due).order_by(Letter.next_try_at).limit(MOST).subquery()
    waiting, since = db.execute(select(func.count(), func.min(some.c.next_try_at))).one()
    yield number("gatehouse_letters_due", f"Letters that are due, up to {MOST}.", waiting)
    if since is not None:
        yield number(
            "gatehouse_letters_due_since_timestamp_seconds",
            "Since when the longest waits that is due.",
            since.timestamp(),
        )


def _happened(today: Mapping[tuple[str, str], int], limits: Sequence[str]) -> Iterator[Family]:
    def of_events(label: str, events: Mapping[str, str]) -> list[Sample]:
        return [
            Sample(today.get(("event", event), 0), {label: value})
            for value, event in events.items()
        ]

    signed_in = today.get(("event", "login.succeeded"), 0)
    yield number("gatehouse_sign_ins_total", f"Sign-ins {_TODAY}.", signed_in)
    # No counter: which way in somebody used is forgotten when their account is erased.
    used = rules.ways({name: many for (kind, name), many in today.items() if kind == "method"})
    yield numbers(
        "gatehouse_sign_ins_today",
        f"Sign-ins {_TODAY}, by the ways in that were used.",
        [Sample(many, {"method": name}) for name, many in used.items()],
    )
    yield numbers(
        "gatehouse_sign_in_refusals_total",
        f"Sign-ins that were refused {_TODAY}, by the step that was not passed.",
        of_events("step", _REFUSALS),
    )
    reached = dict.fromkeys(limits, 0)
    for (kind, name), many in today.items():
        if kind == "limit":
            key = name if name in limits else rules.OTHER
            reached[key] = reached.get(key, 0) + many
    yield numbers(
        "gatehouse_limits_reached_total",
        f"Limits of attempts that were crossed {_TODAY}.",
        [Sample(many, {"limit": name}) for name, many in reached.items()],
    )
    yield numbers(
        "gatehouse_letters_total",
        f"Letters that were sent and given up {_TODAY}.",
        of_events("outcome", _LETTERS),
    )


def _there_is(gauges: Mapping[str, int]) -> Iterator[Family]:
    """Yield what is looked at once an hour."""
    if not gauges:
        return
    prefix = "accounts "
    states = {
        name.removeprefix(prefix): many for name, many in gauges.items() if name.startswith(prefix)
    }
    yield numbers(
        "gatehouse_accounts",
        "Accounts by state, looked at once an hour.",
        [Sample(many, {"state": state}) for state, many in states.items()],
    )
    yield number(
        "gatehouse_administrators",
        "Administrators who can sign in, looked at once an hour.",
        gauges.get("administrators", 0),
    )
    yield number(
        "gatehouse_sessions_open",
        "Sessions that are open, looked at once an hour.",
        gauges.get("sessions", 0),
    )


def _limits(features: Sequence[Feature]) -> list[str]:
    return [each.name for feature in features if feature.limits for each in load(feature.limits)]


@cache
def _version() -> str:
    try:
        return version("flask-gatehouse")
    except PackageNotFoundError:
        return "unknown"


def _build() -> Family:
    return number("gatehouse_build_info", "The version that runs.", 1, version=_version())


def _process(works: Works) -> Iterator[Family]:
    """Yield what only this process knows, with its number."""
    here = {"process": str(os.getpid())}
    pool = works.house.part(Hashes).pool
    about = (
        ("gatehouse_hashing_slots", "Hashes that may be computed at once.", pool.size),
        ("gatehouse_hashing_waiting", "Callers that wait for a hash.", pool.waiting),
        ("gatehouse_hashes_total", "Hashes that were computed.", pool.hashes_done),
        (
            "gatehouse_hashing_turned_away_total",
            "Callers that were told to come back because hashing was at its limit.",
            pool.turned_away,
        ),
    )
    yield from (number(name, meaning, value, **here) for name, meaning, value in about)
    connections = works.engine.pool
    if isinstance(connections, QueuePool):
        states = {"in use": connections.checkedout(), "idle": connections.checkedin()}
        yield numbers(
            "gatehouse_database_connections",
            "Connections of the pool to the database.",
            [Sample(many, {**here, "state": state}) for state, many in states.items()],
        )
    yield from _upkeep(works.house.part(Upkeep), here)
    for tally in works.house.plugs(Tally):
        yield from _requests(tally, here)


def _upkeep(upkeep: Upkeep, here: Mapping[str, str]) -> Iterator[Family]:
    had = [(turn, turn.at) for turn in upkeep.turns() if turn.at is not None]
    yield numbers(
        "gatehouse_upkeep_last_turn_timestamp_seconds",
        "When a chore of the upkeep had its turn last.",
        [Sample(at.timestamp(), {**here, "chore": turn.chore}) for turn, at in had],
    )
    yield numbers(
        "gatehouse_upkeep_last_turn_failed",
        "Whether the last turn of a chore failed.",
        [Sample(int(turn.failed), {**here, "chore": turn.chore}) for turn, _ in had],
    )


def _requests(tally: Tally, here: Mapping[str, str]) -> Iterator[Family]:
    yield numbers(
        "gatehouse_requests_total",
        "Answers of the pages of Gatehouse, by page, method and status.",
        [
            Sample(many, {**here, "endpoint": page, "method": method, "status": str(status)})
            for (page, method, status), many in tally.answers().items()
        ],
    )
    yield Family(
        "gatehouse_request_duration_seconds",
        "histogram",
        "How long the answers of the pages of Gatehouse took.",
        [
            sample
            for page in tally.durations()
            for sample in _histogram(page, {**here, "endpoint": page.endpoint})
        ],
    )


def _histogram(page: Durations, labels: Mapping[str, str]) -> Iterator[Sample]:
    for bound, many in zip((*BOUNDS, "+Inf"), (*page.within, page.answers), strict=True):
        yield Sample(many, {**labels, "le": str(bound)}, "_bucket")
    yield Sample(page.seconds, labels, "_sum")
    yield Sample(page.answers, labels, "_count")
