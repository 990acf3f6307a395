"""`gatehouse sessions …`: see who is signed in, end it, and clear away what is over."""

import json
import time
from typing import Final

import click

from flask_gatehouse.core.text import one_line
from flask_gatehouse.db.upkeep import rest_after
from flask_gatehouse.features.sessions import purging, service
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.sessions.rules import BROWSER, REMEMBERED, VIEWING
from flask_gatehouse.features.users import service as users
from flask_gatehouse.web.work import unit_of_work, works

#: The most rows that one transaction may delete: longer ones would hold others up.
_LARGEST: Final = 10_000


_KINDS: Final = {BROWSER: "browser", REMEMBERED: "remembered", VIEWING: "view"}


@click.group()
def sessions() -> None:
    """See and end sessions, and clear away those that are over."""


@sessions.command("list")
@click.option("--user", "name", required=True, help="User name or e-mail address.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, name: str, as_json: bool) -> None:
    """List the open sessions of an account, newest first. Shows nothing that opens one."""
    with unit_of_work() as work, work.reading() as db:
        found = service.open_rows_of(db, user=users.named(db, name), now=work.now)
        rows = [_told(row) for row in found]
    for row in rows:
        click.echo(json.dumps(row) if as_json else _line(row))


@sessions.command()
@click.option("--user", "name", help="User name or e-mail address of whom to sign out.")
@click.option("--all", "everyone", is_flag=True, help="Sign everybody out, administrators too.")
def end(*, name: str | None, everyone: bool) -> None:
    """Sign somebody, or everybody, out everywhere. Passwords stay as they are."""
    if (name is None) is not everyone:
        msg = "Say whom: --user NAME, or --all."
        raise click.UsageError(msg)
    with unit_of_work() as work:
        if name is None:
            count = service.end_everyone(work)
        else:
            service.end_all(work, user_id=users.named(work.db, name).id)
    if name is None:
        click.echo(f"Signed everybody out ({count} sessions).")
    else:
        click.echo(f"Signed {name} out everywhere.")


@sessions.command()
@click.option(
    "--batch",
    type=click.IntRange(1, _LARGEST),
    help="Rows in one transaction. [default: 500, on SQLite 100]",
)
def purge(*, batch: int | None) -> None:
    """Delete sessions that are past their limit, a few at a time, with pauses for everybody else.

    A site that runs does this by itself.
    """
    most = batch or purging.usual_batch(works())
    total, more = 0, True
    while more:
        began = time.monotonic()
        swept = purging.purge(works(), most=most)
        total, more = total + swept.deleted, swept.more
        if more:
            time.sleep(rest_after(time.monotonic() - began))
    click.echo(f"Deleted {total} sessions that were over.")


def _told(row: Session) -> dict[str, str | None]:
    return {
        "sign_in": row.sign_in_id,
        "kind": _KINDS[row.kind],
        "proven_by": row.methods,
        "address": row.address,
        "agent": row.agent,
        "name": row.device_name,
        "opened": row.created_at.isoformat(timespec="seconds"),
        "last_seen": row.last_seen_at.isoformat(timespec="seconds"),
        "expires": row.expires_at.isoformat(timespec="seconds"),
    }


def _line(row: dict[str, str | None]) -> str:
    told = f"{row['last_seen']}  {row['kind']:10}  {row['address'] or '-':15}"
    return f"{told}  {one_line(row['name'] or row['agent'] or '-')}"
