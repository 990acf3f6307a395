"""`gatehouse users rename` and `users address …`: what accounts are found by."""

import json

import click
from flask import current_app

from flask_gatehouse.features.addresses import service
from flask_gatehouse.features.names import service as naming
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as accounts
from flask_gatehouse.web.links import link_to
from flask_gatehouse.web.work import unit_of_work


@click.command()
@click.argument("name")
@click.argument("new")
def rename(*, name: str, new: str) -> None:
    """Give an account another user name; its sessions stay, and it gets a letter."""
    with unit_of_work() as work:
        naming.rename(work, user=accounts.named(work.db, name), name=new)
    click.echo(f"{name} is {new} now.")


@click.group()
def address() -> None:
    """E-mail addresses of an account."""


@address.command("list")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, name: str, as_json: bool) -> None:
    """List the addresses of an account, and those that wait to be confirmed."""
    with unit_of_work() as work, work.reading() as db:
        found = service.all_of(work, db, user=accounts.named(db, name))
    for each in found:
        click.echo(json.dumps(_told(each)) if as_json else _line(each))


@address.command()
@click.argument("name")
@click.argument("email")
@click.option("--proven", is_flag=True, help="You know that the mailbox is theirs: ask nobody.")
def add(*, name: str, email: str, proven: bool) -> None:
    """Send a letter to an address that adds it; with --proven add it at once."""
    if proven:
        with unit_of_work() as work:
            user = accounts.held(work, user=accounts.named(work.db, name), in_any_state=True)
            addresses.claim(work, user=user, address=email, proven=True)
        click.echo(f"Added {email} to {name}.")
        return
    if "gatehouse.addresses.open_link" not in current_app.view_functions:
        msg = "This application has none of Gatehouse's pages, so the link would open nothing."
        raise click.ClickException(msg)
    with unit_of_work() as work:
        user = accounts.named(work.db, name)
        service.send(work, user=user, address=email, link_of=link_to("/address/"))
    click.echo(f"A letter to {email} is on its way; it is added when its link is opened.")


@address.command()
@click.argument("name")
@click.argument("email")
def remove(*, name: str, email: str) -> None:
    """Take an address from an account; links that were sent to it are void."""
    with unit_of_work() as work:
        service.remove(work, user=accounts.named(work.db, name), address=email, by_force=True)
    click.echo(f"Removed {email} from {name}.")


@address.command()
@click.argument("name")
@click.argument("email")
def primary(*, name: str, email: str) -> None:
    """Let letters go to another confirmed address; nobody gets a link that undoes it."""
    with unit_of_work() as work:
        user = accounts.named(work.db, name)
        service.make_primary(work, user=user, address=email, undo_link=None)
    click.echo(f"Letters to {name} go to {email}.")


def _told(each: service.Listed) -> dict[str, object]:
    return {
        "address": each.shown,
        "primary": each.primary,
        "proven": each.proven,
        "open_until": each.open_until.isoformat() if each.open_until else None,
        "held_until": each.held_until.isoformat() if each.held_until else None,
    }


def _line(each: service.Listed) -> str:
    marks = [
        mark for mark, so in (("primary", each.primary), ("not confirmed", not each.proven)) if so
    ]
    if each.held_until is not None:
        marks.append(f"can be put back until {each.held_until:%Y-%m-%d %H:%M} UTC")
    return "  ".join((each.shown, *marks))
