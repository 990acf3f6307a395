"""The life of an account, on the command line."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app
from sqlalchemy.exc import IntegrityError

from flask_gatehouse.core.events import Origin
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.admin.addressing import address, rename
from flask_gatehouse.features.idle_accounts import expiring
from flask_gatehouse.features.idle_accounts.settings import IdleAccountSettings
from flask_gatehouse.features.leaving import deactivating, departing
from flask_gatehouse.features.leaving import service as leaving
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.people import finding, rules
from flask_gatehouse.features.people import service as helping
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.users import names
from flask_gatehouse.features.users import service as accounts
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rules import canonical_name
from flask_gatehouse.web.links import link_to, login_page
from flask_gatehouse.web.work import house, unit_of_work, works

#: Bytes of standard input that are looked at; a longer password is refused anyway.
_LONGEST_LINE = 65536


@click.group()
def users() -> None:
    """Make, find, suspend and restore accounts."""


users.add_command(rename)
users.add_command(address)


@users.command()
@click.argument("username")
@click.option("--email", help="E-mail address; an invitation is sent there as well.")
@click.option("--admin", is_flag=True, help="Make an administrator.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--invite", is_flag=True, help="Print a link with which the person sets a password.")
def create(
    *, username: str, email: str | None, admin: bool, password_stdin: bool, invite: bool
) -> None:
    """Make an account.

    The password is one line of standard input with --password-stdin, else it is asked for at the
    terminal. With --invite a link is printed, once, with which the person chooses it.
    """
    if invite and password_stdin:
        msg = "--invite and --password-stdin exclude one another."
        raise click.UsageError(msg)
    password = None if invite else _password(from_stdin=password_stdin)
    with unit_of_work() as work:
        sealed = None
        if password is not None:
            sealed = passwords.seal(work, password=password, about=(username, email))
        user = accounts.create(work, username=username, email=email, admin=admin)
        if sealed is not None:
            passwords.keep(work, user=user, sealed=sealed)
        link = _invite(work, user) if invite else None
    click.echo(f"Created {user.username}.", err=link is not None)
    if link is not None:
        click.echo(link)


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option("--search", default="", help="Only names and addresses that contain this.")
@click.option("--role", default="", help="Only who has this role; `administrator` is one.")
@click.option("--state", type=click.Choice(list(rules.STATES)), help="Only who is in this state.")
@click.option(
    "--second-step", type=click.Choice(["with", "without"]), help="Only with, or without."
)
@click.option(
    "--not-seen", type=click.IntRange(1), help="Only who did not sign in for so many days."
)
@click.option("--sort", type=click.Choice(list(rules.SORTS)), default="name", help="The order.")
def list_(
    *,
    as_json: bool,
    search: str,
    role: str,
    state: rules.State | None,
    second_step: str | None,
    not_seen: int | None,
    sort: rules.Sort,
) -> None:
    """List accounts in the order of their names, or in another one."""
    wanted = rules.Wanted(
        search=rules.folded(search),
        anywhere=True,
        role=role,
        state=state,
        factor=None if second_step is None else second_step == "with",
        idle_days=not_seen,
        sort=sort,
    )
    for each in finding.everyone(works(), wanted):
        click.echo(json.dumps(_told(each.user)) if as_json else _line(each.user))


@users.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(*, name: str, as_json: bool) -> None:
    """Show one account, by user name or e-mail address."""
    with unit_of_work() as work, work.reading() as db:
        told = _told(accounts.named(db, name))
    if as_json:
        click.echo(json.dumps(told))
        return
    for key, value in told.items():
        click.echo(f"{key:12} {value}")


@users.command()
@click.argument("name")
@click.option("--reason", default="", help="Why, for whoever runs the site.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The day on which it is over.")
def suspend(*, name: str, reason: str, until: datetime | None) -> None:
    """Suspend an account; its sessions and links end at once, and its owner cannot open it."""
    ends = until.replace(tzinfo=UTC) if until is not None else None
    with unit_of_work() as work:
        user = accounts.named(work.db, name)
        helping.suspend(work, user_id=user.id, reason=reason, until=ends, by=None)
    click.echo(f"Suspended {name}.")


@users.command()
@click.argument("name")
def restore(*, name: str) -> None:
    """Let a suspended account be used again, or one that its owner closed; they get a letter."""
    with unit_of_work() as work:
        helping.restore(work, user_id=accounts.named(work.db, name).id, by=None)
    click.echo(f"Restored {name}.")


@users.command()
@click.argument("name")
def deactivate(*, name: str) -> None:
    """Put an account aside at its owner's wish; they come back by their password.

    To keep somebody out, suspend them: a suspended account is opened by `restore` only.
    """
    with unit_of_work() as work:
        user = accounts.named(work.db, name)
        deactivating.deactivate(work, user=user, login=login_page(house()))
    click.echo(f"Deactivated {name}.")


@users.command()
@click.argument("name")
def reactivate(*, name: str) -> None:
    """Take a deactivated account into use again, for its owner. Does not open a suspended one."""
    with unit_of_work() as work:
        accounts.reactivate(work, user_id=accounts.named(work.db, name).id)
    click.echo(f"{name} is in use again.")


@users.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def idle(*, dry_run: bool, as_json: bool) -> None:
    """Warn owners of accounts that nobody uses, and deactivate those who were warned before.

    A running site does so by itself. GATEHOUSE_IDLE_ACCOUNTS_AFTER says after how long.
    """
    if house().settings[IdleAccountSettings].after is None:
        msg = "Nobody is deactivated here: GATEHOUSE_IDLE_ACCOUNTS_AFTER is not set."
        raise click.ClickException(msg)
    for each in expiring.all_due(works()):
        if not dry_run and not expiring.take(works(), Origin(channel="command"), each):
            continue
        told = {"id": str(each.user_id), "username": each.username, "step": each.step}
        click.echo(json.dumps(told) if as_json else f"{each.step:10}  {each.username}")


@users.command()
@click.argument("name")
def promote(*, name: str) -> None:
    """Make somebody an administrator."""
    with unit_of_work() as work:
        accounts.make_administrator(work, user=accounts.named(work.db, name))
    click.echo(f"{name} is an administrator.")


@users.command()
@click.argument("name")
def demote(*, name: str) -> None:
    """Take administration away from somebody; the last administrator stays one."""
    with unit_of_work() as work:
        accounts.unmake_administrator(work, user=accounts.named(work.db, name))
    click.echo(f"{name} is no administrator.")


@users.command("end-sessions")
@click.argument("name")
def end_sessions(*, name: str) -> None:
    """Sign somebody out everywhere, remembering browsers included."""
    with unit_of_work() as work:
        sessions.end_all(work, user_id=accounts.named(work.db, name).id)
    click.echo(f"Ended every session of {name}.")


@users.command("set-password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def set_password(*, name: str, password_stdin: bool) -> None:
    """Set somebody's password and sign them out everywhere."""
    with unit_of_work() as work, work.reading() as db:
        user = accounts.named(db, name)
    password = _password(from_stdin=password_stdin)
    with unit_of_work() as work:
        sealed = passwords.seal(work, password=password, about=(user.username, user.email))
        passwords.keep(work, user=accounts.by_id(work.db, user.id), sealed=sealed)
    click.echo(f"Set the password of {name}.")


@users.command()
@click.argument("name")
def invite(*, name: str) -> None:
    """Print a new link with which somebody sets a password; older links are void."""
    with unit_of_work() as work:
        link = _invite(work, accounts.named(work.db, name))
    click.echo(link)


@users.command()
@click.argument("name")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A new file.")
def export(*, name: str, output: Path | None) -> None:
    """Print all that is kept of somebody, as JSON, or write it into a file for its owner only."""
    with unit_of_work() as work:
        text = leaving.copy(work, user_id=accounts.named(work.db, name).id)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        msg = f"{output} cannot be made: {error.strerror}."
        raise click.ClickException(msg) from error
    output.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {output}.", err=True)


@users.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(*, name: str, yes: bool) -> None:
    """Delete an account for good, with all that is kept of it; the record keeps its id only."""
    if not yes:
        click.confirm(f"Delete {name} for good?", abort=True, err=True)
    try:
        with unit_of_work() as work:
            accounts.erase(work, user_id=accounts.named(work.db, name).id)
    except IntegrityError as error:
        msg = (
            "A table of this application still has rows that belong to the account, so nothing was "
            "deleted. Delete those first, or let Belongings of your own do it."
        )
        raise click.ClickException(msg) from error
    click.echo(f"Deleted {name}.")


@users.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def departures(*, as_json: bool) -> None:
    """List who is leaving, and when their accounts are erased; whoever goes first first."""
    with unit_of_work() as work, work.reading() as db:
        leavers = departing.departures(db)
    for each in leavers:
        told = {
            "id": str(each.user_id),
            "username": each.username,
            "asked": each.asked_at.isoformat(timespec="seconds"),
            "erased": each.erase_at.isoformat(timespec="seconds"),
        }
        click.echo(json.dumps(told) if as_json else f"{told['erased']}  {each.username}")


@users.command("release-name")
@click.argument("name")
def release_name(*, name: str) -> None:
    """Let the user name of an account that was erased be taken again, before its time."""
    with unit_of_work() as work:
        if not names.release(work, canonical=canonical_name(name)):
            msg = f"{name} is not kept back."
            raise click.ClickException(msg)
    click.echo(f"{name} can be taken again.")


def _invite(work: Work, user: User) -> str:
    return helping.invite(work, user=user, link_of=_link)


def _link(secret: str) -> str:
    if "gatehouse.passwords.invitation" not in current_app.view_functions:
        msg = "This application has none of Gatehouse's pages, so the link would open nothing."
        raise click.ClickException(msg)
    return link_to("/invitation/")(secret)


def _password(*, from_stdin: bool) -> str:
    """Return the password: one line of standard input, or what is typed twice at a terminal."""
    if from_stdin:
        # Bytes that are no text must be refused as a password, not fail to be read.
        line = sys.stdin.buffer.readline(_LONGEST_LINE)
        return line.decode("utf-8", "surrogateescape").rstrip("\n").removesuffix("\r")
    if not sys.stdin.isatty():
        msg = "Nobody can be asked here: use --password-stdin, or --invite."
        raise click.UsageError(msg)
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _told(user: User) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "username": user.username,
        "email": user.email,
        "active": user.active,
        "deactivated": user.deactivated_at.isoformat() if user.deactivated_at else None,
        "admin": user.is_admin,
        "created": user.created_at.isoformat(),
        "updated": user.updated_at.isoformat(),
    }


def _line(user: User) -> str:
    state = "deactivated" if user.deactivated_at is not None else "suspended"
    marks = [mark for mark, so in (("admin", user.is_admin), (state, not user.active)) if so]
    return "  ".join(part for part in (user.username, user.email or "-", *marks) if part)
