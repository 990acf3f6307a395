"""`gatehouse registration …`: accounts that wait for the proof of their address."""

import json

import click
from flask import current_app

from flask_gatehouse.features.registration import service
from flask_gatehouse.features.users import service as users
from flask_gatehouse.web.links import link_to
from flask_gatehouse.web.work import unit_of_work


@click.group()
def registration() -> None:
    """Accounts that people made themselves and whose address is not proven."""


@registration.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, as_json: bool) -> None:
    """List the accounts that wait for the proof of their address, newest first."""
    with unit_of_work() as work, work.reading() as db:
        for user, row in service.waiting(db):
            told = {
                "username": user.username,
                "address": row.shown,
                "created": row.created_at.isoformat(),
                "expires": row.expires_at.isoformat(),
            }
            plain = f"{user.username}  {row.shown}  until {row.expires_at:%Y-%m-%d %H:%M} UTC"
            click.echo(json.dumps(told) if as_json else plain)


@registration.command()
@click.argument("name")
def resend(*, name: str) -> None:
    """Send the letter of NAME again; the link and the code of before are void."""
    if "gatehouse.registration.open_link" not in current_app.view_functions:
        msg = "This application has none of Gatehouse's pages, so the link would open nothing."
        raise click.ClickException(msg)
    with unit_of_work() as work:
        with work.reading() as db:
            user = users.named(db, name)
        service.resend_for(work, user=user, link_of=link_to("/verify/"))
    click.echo(f"Sent {name} the letter again.")
