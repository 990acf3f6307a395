"""Apply and check the shipped migrations."""

import json
import sqlite3
from pathlib import Path

import click

from flask_gatehouse.cli.application import house, program, works
from flask_gatehouse.db import backups
from flask_gatehouse.db.migrations import runner


@click.group()
def db() -> None:
    """Bring the tables up to date, look whether they are, or copy the database."""


@db.command()
def upgrade() -> None:
    """Apply the shipped migrations. Safe to run at every start, also twice at once."""
    click.echo("Looking at the tables …", err=True)
    before, after = runner.upgrade(works().engine)
    if before == after:
        click.echo(f"The tables are up to date ({after}).")
    else:
        click.echo(f"The tables went from {before or 'nothing'} to {after}.")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(*, as_json: bool) -> None:
    """Compare the tables with what this release expects; status 1 if they differ."""
    state = runner.check(works().engine)
    if as_json:
        told = {"current": state.current, "newest": state.newest, "differences": state.differences}
        click.echo(json.dumps({"good": state.good, **told}))
    if state.good:
        if not as_json:
            click.echo(f"The tables are as this release expects ({state.current}).")
        return
    for difference in state.differences if state.current else ():
        click.echo(f"differs: {difference}", err=True)
    at = state.current or "nothing"
    msg = f"The tables are at {at}, expected {state.newest}: run {program()} db upgrade."
    raise click.ClickException(msg)


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Copy a SQLite database to FILE while it is in use; FILE is for its owner only."""
    source = backups.file_of(works().engine)
    if source is None:
        msg = "This database is a server: use pg_dump, or mariadb-dump --single-transaction."
        raise click.ClickException(msg)
    if source.resolve() == file.resolve():
        msg = "FILE is the database itself."
        raise click.ClickException(msg)
    try:
        backups.make(source, file, clock=house().clock)
    except (OSError, sqlite3.Error, backups.NothingToCopy) as error:
        msg = f"No backup was made: {error}."
        raise click.ClickException(msg) from error
    click.echo(f"Copied {source} to {file}. Keep the secret key too, and apart from it.")
