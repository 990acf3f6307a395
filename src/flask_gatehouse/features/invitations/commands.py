"""`gatehouse invitations …`: ask people in who have no account yet."""

import json

import click

from flask_gatehouse.features.invitations import service
from flask_gatehouse.features.invitations.links import link_of
from flask_gatehouse.web.work import unit_of_work


@click.group()
def invitations() -> None:
    """Invite people who have no account yet."""


@invitations.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, as_json: bool) -> None:
    """List who is invited, newest first."""
    with unit_of_work() as work, work.reading() as db:
        found = service.listed(work, db)
    for each, state in ((one.invited, one.state) for one in found):
        told = {
            "address": each.shown,
            "admin": each.admin,
            "state": state,
            "invited_by": str(each.invited_by) if each.invited_by else None,
            "created": each.created_at.isoformat(),
            "expires": each.expires_at.isoformat(),
        }
        plain = f"{each.shown}  until {each.expires_at:%Y-%m-%d %H:%M} UTC"
        marks = [mark for mark, so in (("admin", each.admin), (state, state != "open")) if so]
        click.echo(json.dumps(told) if as_json else "  ".join([plain, *marks]))


@invitations.command()
@click.argument("address")
@click.option("--admin", is_flag=True, help="The account will be an administrator's.")
def send(*, address: str, admin: bool) -> None:
    """Send an invitation to ADDRESS; one of before is void."""
    with unit_of_work() as work:
        service.send(work, inviter=None, address=address, admin=admin, link_of=link_of)
    click.echo(f"Invited {address}.")


@invitations.command()
@click.argument("address")
def resend(*, address: str) -> None:
    """Send the letter again; the link of before is void."""
    with unit_of_work() as work, work.reading() as db:
        public_id = service.at(db, address=address).public_id
    with unit_of_work() as work:
        service.resend(work, inviter=None, public_id=public_id, link_of=link_of)
    click.echo(f"Invited {address} again.")


@invitations.command()
@click.argument("address")
def revoke(*, address: str) -> None:
    """Take an invitation back; its link opens nothing any more."""
    with unit_of_work() as work, work.reading() as db:
        public_id = service.at(db, address=address).public_id
    with unit_of_work() as work:
        service.revoke(work, inviter=None, public_id=public_id)
    click.echo(f"Took back the invitation of {address}.")
