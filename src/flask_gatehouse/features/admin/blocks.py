"""`gatehouse throttling …`: what has to wait at the moment, and how to let it go on."""

import json

import click

from flask_gatehouse.core.sentences import waiting_time
from flask_gatehouse.features.throttling import service
from flask_gatehouse.features.throttling.rules import UNREADABLE, network_of
from flask_gatehouse.features.throttling.store import Block
from flask_gatehouse.features.users import service as accounts
from flask_gatehouse.features.users.rules import counted_as
from flask_gatehouse.web.work import house, unit_of_work

#: Characters that stand for a name which no account has. People type passwords there.
_SHOWN = 12


@click.group()
def throttling() -> None:
    """Limits of attempts: what has to wait, and how to let it go on."""


@throttling.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, as_json: bool) -> None:
    """List what has to wait at the moment, the longest wait first.

    A name is shown if an account has it. Of any other name only a mark is kept, by which several
    blocks on one name can be told to belong together.
    """
    with unit_of_work() as work:
        blocks = service.blocks(work)
        names = _names({block.who for block in blocks if block.who is not None})
    for block in blocks:
        told = _told(block, names)
        click.echo(json.dumps(told) if as_json else _line(told))


@throttling.command()
@click.option("--name", help="Attempts on this user name or address, and on the same account.")
@click.option("--network", help="Attempts from the network of this address.")
@click.option("--all", "everything", is_flag=True, help="Every attempt that was counted.")
def clear(*, name: str | None, network: str | None, everything: bool) -> None:
    """Forget attempts, so that nobody has to wait for them any more.

    With a name and a network only what is about both. This does not lift the stop of a password:
    a new one does.
    """
    if everything == (name is not None or network is not None):
        msg = "Say --name, --network or both, or --all."
        raise click.UsageError(msg)
    if network is not None and network_of(network.partition("/")[0]) == UNREADABLE:
        msg = f"{network!r} is no address of a network."
        raise click.BadParameter(msg, param_hint="--network")
    with unit_of_work() as work:
        names = None if name is None else _of_the_account(name)
        lifted = service.lift(work, names=names, network=network)
    click.echo(f"Forgot {lifted} counter{'' if lifted == 1 else 's'}.")


def _of_the_account(name: str) -> frozenset[str]:
    """Return all names of the account that has this one, as they are counted."""
    with unit_of_work() as work, work.reading() as db:
        user = accounts.find(db, name)
        known = accounts.counted_names(db, user_ids=[user.id]) if user is not None else {}
    return frozenset({counted_as(name)}.union(*(names for _, names in known.values())))


def _names(digests: set[bytes]) -> dict[bytes, str]:
    """Return the names of accounts for which these stand: nothing is kept from which to tell."""
    found: dict[bytes, str] = {}
    with unit_of_work() as work, work.reading() as db:
        for name in accounts.all_counted_names(db) if digests else ():
            digest = service.name_digest(house(), name)
            if digest in digests:
                found[digest] = name.partition(":")[2]
            if len(found) == len(digests):
                break
    return found


def _told(block: Block, names: dict[bytes, str]) -> dict[str, object]:
    who = block.who
    return {
        "limit": block.limit,
        "name": names.get(who) if who is not None else None,
        "mark": who.hex()[:_SHOWN] if who is not None else None,
        "network": block.place,
        "seconds_left": block.seconds_left,
        "attempts": block.count,
        "in_a_row": block.strikes,
    }


def _line(told: dict[str, object]) -> str:
    who = told["name"] or (f"no account ({told['mark']})" if told["mark"] else "-")
    seconds = told["seconds_left"]
    wait = waiting_time(seconds) if isinstance(seconds, int) else "-"
    return (
        f"{told['limit']!s:16}  {who!s:28}  {told['network'] or '-':24}  "
        f"{wait:10}  {told['attempts']} attempts"
    )
