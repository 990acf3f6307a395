"""`gatehouse audit …`: read the record, carry it elsewhere, prove it, and prune it."""

import functools
import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import click
from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError

from flask_gatehouse.cli.application import program
from flask_gatehouse.core.errors import Unavailable
from flask_gatehouse.core.events import Event, Origin
from flask_gatehouse.core.moments import moment
from flask_gatehouse.core.text import one_line
from flask_gatehouse.features.audit import adopting, pruning, reading, verifying
from flask_gatehouse.features.audit.events import DamageFound, RecordVerified
from flask_gatehouse.features.audit.following import Follower
from flask_gatehouse.features.audit.names import Names
from flask_gatehouse.features.audit.reading import Wanted
from flask_gatehouse.features.audit.telling import told
from flask_gatehouse.features.audit.verifying import MEANINGS, Damage, Tally
from flask_gatehouse.web.work import house, works

#: Damages that are told one by one; the others are counted.
_TOLD: Final = 20

#: Seconds between two looks for what is new.
_PAUSE: Final = 1.0

_Command = Callable[..., None]


@click.group()
def audit() -> None:
    """The record: what happened, to whom, from where."""


def _filters(command: _Command) -> _Command:
    """Add the options that say which rows are wanted."""
    options = (
        click.option("--user", help="Only about this account, by user name, address or id."),
        click.option("--event", help="Only this event, or with `login` all that begin so."),
        click.option("--outcome", type=click.Choice(["done", "refused"]), help="Only these."),
        click.option("--actor", help="Only what this account asked for; as --user."),
        click.option("--address", help="Only what was asked for from this network address."),
        click.option("--request", help="Only what happened in the request of this id."),
        click.option("--since", metavar="TIME", help="Not before: 2h, 7d, a day or a time (UTC)."),
        click.option("--until", metavar="TIME", help="Only before this time."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@audit.command("list")
@_filters
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, limit: int, as_json: bool, **filters: str | None) -> None:
    """List what happened, the newest first."""
    with works().reading() as db:
        rows = reading.newest(db, _wanted(filters), limit=limit)
        about = {user_id for row in rows for user_id in (row.user_id, row.actor_id) if user_id}
        names = {} if as_json else _names().of(db, about)
    for row in rows:
        click.echo(json.dumps(told(row)) if as_json else _line(row, names))


@audit.command()
@_filters
@click.option("--follow", is_flag=True, help="Keep printing what happens, until Ctrl-C.")
def export(*, follow: bool, **filters: str | None) -> None:
    """Print the record as one JSON object a line, the oldest first."""
    wanted = _wanted(filters)
    follower = Follower(works(), functools.partial(click.echo, err=True))
    for row in reading.oldest_first(works(), wanted):
        # What was written since then is told by its lane, where no row can come in late.
        if not (follow and follower.comes_later(row)):
            _print(row)
    if follow:
        try:
            _follow(wanted, follower)
        except KeyboardInterrupt:
            return


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def verify(*, as_json: bool) -> None:
    """Look whether anything was changed, added or taken away past this program."""
    tally, kinds, lanes = Tally(), Counter[str](), set[int]()
    for damage in verifying.damages(works(), tally):
        kinds[damage.kind] += 1
        lanes.update(() if damage.lane is None else (damage.lane,))
        if as_json:
            click.echo(json.dumps(_damage_told(damage)))
        elif kinds[damage.kind] <= _TOLD:
            click.echo(_damage_line(damage), err=True)
    _write_down(tally, kinds, lanes)
    if kinds:
        counted = ", ".join(f"{kind} {count}" for kind, count in kinds.items())
        msg = f"The record does not verify: {counted}, in {tally.rows} rows{_hint(kinds)}."
        raise click.ClickException(msg)
    if not as_json:
        click.echo(f"The record verifies: {tally.rows} rows.")


def _write_down(tally: Tally, kinds: Mapping[str, int], lanes: Collection[int]) -> None:
    """Let the record say that it was looked through, and what was found: the console shows it."""
    found: Event = RecordVerified(rows=tally.rows)
    if kinds:
        found = DamageFound(
            rows=tally.rows,
            damages=sum(kinds.values()),
            kinds=tuple(sorted(kinds)),
            lanes=tuple(sorted(lanes)),
        )
    try:
        with works().begin(Origin()) as work:
            work.record(found)
    except (DBAPIError, Unavailable) as error:
        # Whoever may only read can verify as well.
        click.echo(f"That it was verified could not be written down: {error}", err=True)


@audit.command()
def prune() -> None:
    """Delete what was kept for long enough; what is left still verifies."""
    click.echo(f"Deleted {pruning.prune(works(), Origin())} rows.")


@audit.command()
@click.option("--damaged", is_flag=True, help="Also begin every lane anew that does not verify.")
def adopt(*, damaged: bool) -> None:
    """Chain rows that are not chained yet, as they are.

    Once after an upgrade from a release without lanes. It proves nothing about the time before, and
    is an event of the record itself. With --damaged, look at what `verify` says first: afterwards
    nobody can see what was wrong.
    """
    found = verifying.damages(works(), Tally()) if damaged else ()
    lanes = {damage.lane for damage in found if damage.lane is not None}
    count = adopting.adopt(works(), Origin(), damaged=lanes)
    click.echo(f"Adopted {count} rows" + (f" and {len(lanes)} lanes." if lanes else "."))


def _hint(kinds: Collection[str]) -> str:
    """Return what to do where nobody need have done anything wrong."""
    if set(kinds) == {"unchained"}:
        return f"; rows from before there were lanes are taken in by: {program()} audit adopt"
    if set(kinds) == {"unknown key"}:
        return (
            "; nothing else is wrong, but what was written with a key that is no longer known can "
            "be neither proven nor refuted: name that key in GATEHOUSE_SECRET_KEY_FALLBACKS until "
            "its rows are pruned"
        )
    return ""


def _wanted(filters: Mapping[str, str | None]) -> Wanted:
    now = house().clock.now()
    user, actor = filters["user"], filters["actor"]
    return Wanted(
        user_id=_id_of(user) if user else None,
        actor_id=_id_of(actor) if actor else None,
        event=filters["event"],
        outcome=filters["outcome"],
        address=filters["address"],
        request_id=filters["request"],
        since=_moment("--since", filters["since"], now),
        until=_moment("--until", filters["until"], now),
    )


def _moment(option: str, text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    try:
        return moment(text, now=now)
    except ValueError as error:
        msg = f"{text!r} is no time such as 2h, 7d, 2026-01-31 or 2026-01-31T12:00+01:00."
        raise click.BadParameter(msg, param_hint=option) from error


def _id_of(text: str) -> UUID:
    """Return whose account is meant: an id works for accounts that no longer exist as well."""
    try:
        return UUID(text)
    except ValueError:
        with works().reading() as db:
            return _names().id_of(db, text)


def _names() -> Names:
    return house().part(Names)


def _follow(wanted: Wanted, follower: Follower) -> None:
    """Print what is added to each lane, until interrupted."""
    while True:
        time.sleep(_PAUSE)
        added = [row for row in follower.added() if wanted.takes(row)]
        for row in sorted(added, key=lambda row: (row.at, row.id)):
            _print(row)


def _print(row: Row[Any]) -> None:
    click.echo(json.dumps(told(row)))


def _line(row: Row[Any], names: Mapping[UUID, str]) -> str:
    user = names.get(row.user_id, str(row.user_id)) if row.user_id else "-"
    facts = " ".join(f"{name}={value}" for name, value in row.facts.items() if value is not None)
    at = row.at.astimezone(UTC)
    cells = (
        f"{at:%Y-%m-%d %H:%M:%S}",
        f"{row.outcome:7}",
        f"{row.name:28}",
        f"{user:20}",
        f"{row.address or row.channel:15}",
        facts,
    )
    return one_line("  ".join(cells)).rstrip()


def _damage_line(damage: Damage) -> str:
    where = "a row" if damage.lane is None else f"lane {damage.lane}"
    if damage.sequence is not None:
        where += f", row {damage.sequence}"
    if damage.through is not None and damage.through != damage.sequence:
        where += f" to {damage.through}"
    said = f"{where}: {MEANINGS[damage.kind]}"
    if damage.id is not None and damage.at is not None:
        said += f" ({damage.id}, {damage.at:%Y-%m-%d %H:%M:%S})"
    return said[:1].upper() + said[1:]


def _damage_told(damage: Damage) -> dict[str, object]:
    return {
        "damage": damage.kind,
        "lane": damage.lane,
        "sequence": damage.sequence,
        "through": damage.through,
        "id": str(damage.id) if damage.id else None,
        "time": damage.at.isoformat() if damage.at else None,
    }
