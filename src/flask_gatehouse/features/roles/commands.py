"""`gatehouse roles …`: roles, what they allow, and who has them."""

import json
from datetime import UTC, datetime

import click
from sqlalchemy.orm import Session

from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.core.values import duration
from flask_gatehouse.features.roles import service
from flask_gatehouse.features.roles.models import Role
from flask_gatehouse.features.users import service as users
from flask_gatehouse.web.work import house, unit_of_work

#: People who are read from the database at once.
_PAGE = 500


@click.group()
def roles() -> None:
    """Roles: what they allow, and who has them."""


@roles.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, as_json: bool) -> None:
    """List roles by their names, with how many accounts have each."""
    with unit_of_work() as work, work.reading() as db:
        found = service.everyone(db, now=work.now)
    for each in found:
        if as_json:
            click.echo(json.dumps(_told(each)))
        else:
            click.echo(f"{each.name:24} {each.accounts:>7}  {', '.join(each.permissions) or '-'}")


@roles.command()
@click.argument("role")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(*, role: str, as_json: bool) -> None:
    """Show what a role allows, and who has it."""
    with unit_of_work() as work, work.reading() as db:
        found = service.one(db, role)
        allowed = sorted(service.permissions(db, found))
        name, about = found.name, found.about
        have = _everybody(db, found, work.now)
    if as_json:
        told = {"role": name, "about": about, "permissions": allowed, "people": have}
        click.echo(json.dumps(told))
        return
    sentences = house().part(Permissions)
    click.echo(f"{name}: {about}" if about else name)
    for each in allowed:
        click.echo(f"  {each:24} {sentences.sentence(each) or 'nobody declares this any more'}")
    for one in have:
        click.echo(f"  {one['username']}" + (f" until {one['until']}" if one["until"] else ""))


@roles.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def permissions(*, as_json: bool) -> None:
    """List every permission that the application declares, with what it allows."""
    for name, sentence in house().part(Permissions).items():
        told = {"permission": name, "allows": sentence}
        click.echo(json.dumps(told) if as_json else f"{name:24} {sentence}")


@roles.command()
@click.argument("role")
@click.argument("permissions", nargs=-1)
@click.option("--about", default="", help="What the role is for.")
def make(*, role: str, permissions: tuple[str, ...], about: str) -> None:
    """Make a role that allows PERMISSIONS."""
    with unit_of_work() as work:
        service.make(work, name=role, about=about, permissions=permissions)
    click.echo(f"Made {role}.")


@roles.command()
@click.argument("role")
@click.option("--add", multiple=True, help="A permission that it allows as well.")
@click.option("--take", multiple=True, help="A permission that it allows no more.")
@click.option("--about", help="What the role is for.")
def change(*, role: str, add: tuple[str, ...], take: tuple[str, ...], about: str | None) -> None:
    """Have a role allow more or less, from the next request of whoever has it."""
    if not (add or take or about is not None):
        msg = "Say --add, --take or --about."
        raise click.UsageError(msg)
    with unit_of_work() as work, work.reading() as db:
        found = service.one(db, role)
        before, said = service.permissions(db, found), found.about
    for each in sorted(set(take) - before):
        msg = f"{role} does not allow {each}."
        raise click.ClickException(msg)
    with unit_of_work() as work:
        service.change(
            work,
            name=role,
            about=said if about is None else about,
            permissions=(before | set(add)) - set(take),
            seen=before,
        )
    click.echo(f"Changed {role}.")


@roles.command()
@click.argument("role")
@click.option("--yes", is_flag=True, help="Do not ask, also if somebody has it.")
def remove(*, role: str, yes: bool) -> None:
    """Delete a role, and take it away from everybody who has it."""
    with unit_of_work() as work, work.reading() as db:
        accounts = service.holders(db, role=service.one(db, role), now=work.now, size=1).total
    if accounts and not yes:
        lose = "1 account loses" if accounts == 1 else f"{accounts} accounts lose"
        click.confirm(f"{lose} {role}. Go on?", abort=True)
    with unit_of_work() as work:
        service.remove(work, name=role)
    click.echo(f"Deleted {role}.")


@roles.command()
@click.argument("name")
@click.argument("role")
@click.option("--until", help="When it is over: a length such as 30d, or a date in UTC.")
def grant(*, name: str, role: str, until: str | None) -> None:
    """Give ROLE to the account that NAME finds, or another end of it."""
    moment = None if until is None else _moment(until)
    with unit_of_work() as work:
        service.grant(work, user=users.named(work.db, name), role=role, until=moment)
    end = f" until {moment:%Y-%m-%d %H:%M} UTC" if moment is not None else ""
    click.echo(f"{name} has {role}{end}.")


@roles.command()
@click.argument("name")
@click.argument("role")
def revoke(*, name: str, role: str) -> None:
    """Take ROLE away from the account that NAME finds."""
    with unit_of_work() as work:
        service.revoke(work, user=users.named(work.db, name), role=role)
    click.echo(f"{name} has {role} no more.")


def _moment(given: str) -> datetime:
    """Return the moment that is meant by a length from now, or a date in UTC."""
    text = given.strip()
    try:
        return house().clock.now() + duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        msg = f"{text!r} is neither a length such as 30d nor a date such as 2031-05-01."
        raise click.BadParameter(msg, param_hint="--until") from None


def _told(role: service.Shown) -> dict[str, object]:
    return {
        "role": role.name,
        "about": role.about,
        "permissions": list(role.permissions),
        "accounts": role.accounts,
    }


def _everybody(db: Session, role: Role, now: datetime) -> list[dict[str, str | None]]:
    found: list[dict[str, str | None]] = []
    number, pages = 1, 1
    while number <= pages:
        page = service.holders(db, role=role, now=now, number=number, size=_PAGE)
        found.extend(
            {
                "id": str(each.user.id),
                "username": each.user.username,
                "since": each.given_at.isoformat(),
                "until": each.until.isoformat() if each.until else None,
            }
            for each in page.items
        )
        number, pages = number + 1, page.pages
    return found
