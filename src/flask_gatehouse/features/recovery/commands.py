"""`gatehouse recovery …`: letters for a new password."""

import click
from flask import current_app

from flask_gatehouse.features.recovery import service
from flask_gatehouse.features.users import service as users
from flask_gatehouse.web.links import link_to
from flask_gatehouse.web.work import unit_of_work


@click.group()
def recovery() -> None:
    """Letters with which people set a new password."""


@recovery.command()
@click.argument("name")
def send(*, name: str) -> None:
    """Send somebody a letter that sets a new password. The link is shown to nobody else."""
    if "gatehouse.recovery.open_link" not in current_app.view_functions:
        msg = "This application has none of Gatehouse's pages, so the link would open nothing."
        raise click.ClickException(msg)
    with unit_of_work() as work:
        service.send(work, user=users.named(work.db, name), link_of=link_to("/recover/"))
    click.echo(f"A letter to {name} is on its way.")
