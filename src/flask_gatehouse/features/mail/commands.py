"""`gatehouse mail …`: send what waits, look at the outbox, try the way out."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Final
from uuid import UUID

import click
from flask import current_app

from flask_gatehouse.features.mail import outbox, service
from flask_gatehouse.features.mail.clearing import clear
from flask_gatehouse.features.mail.errors import LetterNotDead, NotDelivered
from flask_gatehouse.features.mail.letters import Letters
from flask_gatehouse.features.mail.messages import Letterhead, compose
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.mail.worker import OutboxWorker
from flask_gatehouse.web.work import house, unit_of_work, works

#: Letters that are listed.
_LISTED: Final = 200


@click.group()
def mail() -> None:
    """Letters: the outbox, and what becomes of it."""


@mail.command()
@click.option("--once", is_flag=True, help="Send what is due now, and end.")
def work(*, once: bool) -> None:
    """Send letters as they come, until told to end."""
    if not once:
        _watch()
        return
    clear(works())
    done = outbox.send_all(works())
    click.echo(f"{done.sent} sent, {done.failed} to be tried again, {done.dead} given up")


@mail.command("list")
@click.option("--dead", is_flag=True, help="Only letters that were given up.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, dead: bool, as_json: bool) -> None:
    """List the newest letters, without what they say."""
    with works().reading() as db:
        rows = [_row(letter) for letter in service.newest(db, limit=_LISTED, dead=dead)]
    for row in rows:
        click.echo(json.dumps(row) if as_json else _line(row))


@mail.command()
@click.argument("letter_id", metavar="[ID]", type=click.UUID, required=False)
@click.option("--dead", is_flag=True, help="All that were given up and can still be sent.")
def retry(*, letter_id: UUID | None, dead: bool) -> None:
    """Have a letter that was given up tried again."""
    if dead == (letter_id is not None):
        msg = "Say which letter by its ID, or --dead for all."
        raise click.UsageError(msg)
    with works().reading() as db:
        found = [letter_id] if letter_id else service.dead_ones(db)
    again = 0
    for each in found:
        # Of all, one may have changed since they were looked for; the one that is meant is refused.
        with suppress(*([LetterNotDead] if dead else [])), unit_of_work() as unit:
            service.retry(unit, letter_id=each)
            again += 1
    click.echo(f"{again} to be tried again")


@mail.command()
@click.argument("letter_id", metavar="ID", type=click.UUID)
def drop(*, letter_id: UUID) -> None:
    """Take a letter that was not sent out of the outbox, for good."""
    with unit_of_work() as unit:
        service.drop(unit, letter_id=letter_id)
    click.echo("Dropped.")


@mail.command()
@click.argument("letter", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "html", "eml"]),
    default="text",
    help="What to print: the text, the HTML, or the whole message. [text]",
)
def preview(*, letter: str | None, form: str) -> None:
    """Print LETTER as it would look; without LETTER, list what there is."""
    if letter is None:
        for name in house().part(Letters).names():
            click.echo(name)
        return
    said = service.sample(house(), letter=letter)
    if form == "eml":
        whole = compose(said, house().part(Letterhead)).as_bytes()
        click.echo(whole.decode("ascii").replace("\r\n", "\n"), nl=False)
    elif form == "html":
        click.echo(said.html, nl=False)
    else:
        click.echo(f"Subject: {said.subject}\n\n{said.text}", nl=False)


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
        f"{row['id']}  {row['created_at']}  {row['state']:7}  {row['attempts']:2}  "
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
        worker = OutboxWorker.of(works(), inside=current_app.app_context)
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
