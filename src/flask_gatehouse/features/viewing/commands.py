"""`gatehouse viewing …`: who sees the site as whom, and stop it."""

import json

import click

from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.viewing import service
from flask_gatehouse.web.work import unit_of_work


@click.group()
def viewing() -> None:
    """Who sees the site as another person, and ending it."""


@viewing.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, as_json: bool) -> None:
    """List who sees the site as whom at this moment, and why; the newest first."""
    with unit_of_work() as work, work.reading() as db:
        found = service.lasting(db, now=work.now)
    for each in found:
        began = each.began_at.isoformat(timespec="seconds")
        until = each.expires_at.isoformat(timespec="seconds")
        if as_json:
            told = {
                "view": each.view,
                "viewer": each.viewer,
                "seen": each.seen,
                "reason": each.reason,
                "began": began,
                "expires": until,
            }
            click.echo(json.dumps(told))
        else:
            click.echo(f"{began}  {each.viewer} as {each.seen}, until {until}: {each.reason}")


@viewing.command()
@click.option("--user", "name", help="User name or e-mail address of who looks, or is looked at.")
@click.option("--all", "everyone", is_flag=True, help="Every view there is.")
def end(*, name: str | None, everyone: bool) -> None:
    """End views at once. Whoever looked is themselves again."""
    if (name is None) is not everyone:
        msg = "Say which: --user NAME, or --all."
        raise click.UsageError(msg)
    with unit_of_work() as work:
        user = None if name is None else users.named(work.db, name)
        count = service.stop(work, user=user)
    click.echo(f"Ended {count}.")
