"""`gatehouse mfa …`: who has which factors, and what to do when somebody lost theirs."""

import json

import click

from flask_gatehouse.features.mfa import policy, resetting, service
from flask_gatehouse.features.users import service as accounts
from flask_gatehouse.web.work import house, unit_of_work


@click.group()
def mfa() -> None:
    """Second factors: who has them, and taking them away from whoever lost theirs."""


@mfa.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(*, as_json: bool) -> None:
    """Count accounts with and without a factor, before you require one."""
    with unit_of_work() as work, work.reading() as db:
        found = policy.census(house(), db)
    told = {
        "people": {"with": found.people_with, "without": found.people_without},
        "administrators": {
            "with": found.administrators_with,
            "without": found.administrators_without,
        },
    }
    if as_json:
        click.echo(json.dumps(told))
        return
    for who, counts in told.items():
        click.echo(f"{who:16} {counts['with']} with, {counts['without']} without a factor")


@mfa.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(*, name: str, as_json: bool) -> None:
    """Show the factors of an account, what is asked of it, and whether a reset waits."""
    with unit_of_work() as work, work.reading() as db:
        user = accounts.named(db, name)
        factors = [
            {
                "method": each.method,
                "name": each.name,
                "created": each.created_at.isoformat(),
                "last_used": each.last_used_at.isoformat() if each.last_used_at else None,
            }
            for each in service.of(db, user_id=user.id)
        ]
        reset = resetting.waiting(db, user_id=user.id)
        asked = policy.asked_of(house(), user)
    due = reset.due_at.isoformat() if reset else None
    if as_json:
        click.echo(json.dumps({"asked": asked, "factors": factors, "reset_due": due}))
        return
    click.echo(f"asked: {asked}")
    for each in factors:
        click.echo(f"{each['method']:14} {each['name']}  (last used: {each['last_used'] or '-'})")
    if reset is not None:
        click.echo(f"taken away: {reset.due_at:%Y-%m-%d %H:%M} UTC")


@mfa.command()
@click.argument("name")
def reset(*, name: str) -> None:
    """Have all factors of an account taken away, after a time in which that can be stopped.

    Make sure who asks you for it, by more than a letter. All addresses of the account are told.
    """
    with unit_of_work() as work:
        due = resetting.ask(work, user=accounts.named(work.db, name), by=None)
    click.echo(f"The factors of {name} are taken away at {due:%Y-%m-%d %H:%M} UTC.")


@mfa.command()
@click.argument("name")
def keep(*, name: str) -> None:
    """Stop that the factors of an account are taken away."""
    with unit_of_work() as work:
        resetting.stop(work, user_id=accounts.named(work.db, name).id)
    click.echo(f"{name} keeps all factors.")
