"""`gatehouse mail …`: send what waits, look at the outbox, try the way out."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import click
from flask import current_app

from flask_gatehouse.features.mail import outbox, service
from flask_gatehouse.features.mail.errors import NotDelivered
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.web.work import house, unit_of_work, works

#: Letters that are listed.
_LISTED: Final = 200


@click.group()
def mail() -> None:
    """Letters: the outbox, and what becomes of it."""


@mail.command()
@click.option("--watch", is_flag=True, help="Keep going until stopped.")
def work(*, watch: bool) -> None:
    """Send what is due."""
    if watch:
        _watch()
        return
    done = outbox.send_all(works())
    click.echo(f"{done.sent} sent, {done.failed} to be tried again, {done.dead} given up")


@mail.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, as_json: bool) -> None:
    """List the newest letters, without what they say."""
    with works().reading() as db:
        rows = [_row(letter) for letter in service.newest(db, limit=_LISTED)]
    for row in rows:
        click.echo(json.dumps(row) if as_json else _line(row))


@mail.command("test")
@click.argument("address")
def try_out(address: str) -> None:
    """Send a test letter to ADDRESS at once, and tell what became of it."""
    try:
        with unit_of_work() as unit:
            letter = service.written(unit, letter="test", recipient=address, facts={})
        outbox.deliver(house(), letter)
    except NotDelivered as error:
        raise click.ClickException(f"Not delivered: {error}.") from error
    click.echo("Delivered: the letter was accepted.")


def _row(letter: Letter) -> dict[str, object]:
    return {
        "id": str(letter.id),
        "letter": letter.kind,
        "user_id": str(letter.user_id) if letter.user_id else None,
        "recipient": letter.recipient,
        "subject": letter.subject,
        "state": _state(letter),
        "attempts": letter.attempts,
        "created_at": _written(letter.created_at),
        "next_try_at": _written(letter.next_try_at) if _state(letter) == "waiting" else None,
        "sent_at": _written(letter.sent_at),
        "dead_at": _written(letter.dead_at),
    }


def _line(row: dict[str, object]) -> str:
    return (
        f"{row['created_at']}  {row['state']:7}  {row['attempts']:2}  "
        f"{row['letter']:16}  {row['recipient']}"
    )


def _state(letter: Letter) -> str:
    if letter.sent_at is not None:
        return "sent"
    return "waiting" if letter.dead_at is None else "dead"


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _watch() -> None:
    """Let the worker run; when told to end, let it finish the letter in hand."""
    with _terminated_as_interrupted():
        worker = outbox.OutboxWorker.of(works(), inside=current_app.app_context)
        try:
            worker.start().wait()
        except KeyboardInterrupt:
            worker.stop()


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
