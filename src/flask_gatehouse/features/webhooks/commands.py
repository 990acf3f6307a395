"""`gatehouse webhooks …`: which systems are told of events, and what was sent to them."""

import json

import click

from flask_gatehouse.features.webhooks import rules, sending, service
from flask_gatehouse.features.webhooks.errors import NotGivenUp
from flask_gatehouse.features.webhooks.models import Delivery, Webhook
from flask_gatehouse.web.work import unit_of_work, works


@click.group()
def webhooks() -> None:
    """Tell other systems what happened, by signed requests."""


@webhooks.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, as_json: bool) -> None:
    """List receivers: id, state, address, events."""
    with works().reading() as db:
        found = service.everyone(db)
    for each in found:
        state = _state(each)
        told = {
            "id": each.public_id,
            "url": each.url,
            "events": each.wants,
            "state": state,
            "failing_since": each.failing_since.isoformat() if each.failing_since else None,
            "created": each.created_at.isoformat(),
        }
        plain = f"{each.public_id}  {state:8}  {each.url}  {' '.join(each.wants)}"
        click.echo(json.dumps(told) if as_json else plain)


@webhooks.command()
@click.argument("url")
@click.argument("events", nargs=-1, required=True)
def add(*, url: str, events: tuple[str, ...]) -> None:
    """Tell URL of EVENTS: names, families such as login.*, or * for all.

    Prints the id of the receiver, and its secret, which is never shown again.
    """
    with unit_of_work() as work:
        webhook, secret = service.add(work, url=url, wants=events)
    click.echo(f"{webhook.public_id}\n{secret}")


@webhooks.command()
@click.argument("webhook")
@click.argument("events", nargs=-1, required=True)
def events(*, webhook: str, events: tuple[str, ...]) -> None:
    """Have a receiver told of other EVENTS from now on."""
    with unit_of_work() as work:
        service.change(work, public_id=webhook, wants=events)
    click.echo(f"{webhook} is told of {' '.join(sorted(events))}.")


@webhooks.command()
@click.argument("webhook")
def test(*, webhook: str) -> None:
    """Send a ping now, and say whether it was taken. Status 1 if it was not."""
    with unit_of_work() as work:
        delivery_id = service.ping(work, public_id=webhook).id
    found = sending.send_one(works(), delivery_id)
    if found is None or found.delivered_at is None:
        reason = "somebody else is sending it" if found is None else found.reason
        msg = f"It was not taken: {reason or 'another process is sending it'}."
        raise click.ClickException(msg)
    click.echo(f"Taken: {found.status}.")


@webhooks.command()
@click.argument("webhook")
def rotate(*, webhook: str) -> None:
    """Make a new secret and print it; the former one signs beside it for a while."""
    with unit_of_work() as work:
        secret = service.rotate(work, public_id=webhook)
    click.echo(secret)


@webhooks.command()
@click.argument("webhook")
def pause(*, webhook: str) -> None:
    """Send a receiver nothing until it is resumed."""
    with unit_of_work() as work:
        service.pause(work, public_id=webhook)
    click.echo(f"{webhook} is told nothing.")


@webhooks.command()
@click.argument("webhook")
def resume(*, webhook: str) -> None:
    """Tell a receiver again that was paused, or that failed for too long."""
    with unit_of_work() as work:
        service.resume(work, public_id=webhook)
    click.echo(f"{webhook} is told again.")


@webhooks.command()
@click.argument("webhook")
def remove(*, webhook: str) -> None:
    """Remove a receiver, and what was still to be sent to it."""
    with unit_of_work() as work:
        service.remove(work, public_id=webhook)
    click.echo(f"Removed {webhook}.")


@webhooks.command()
@click.argument("webhook", required=False)
@click.option("--failed", is_flag=True, help="Show only what was given up.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def deliveries(*, webhook: str | None, failed: bool, limit: int, as_json: bool) -> None:
    """List what was sent last, or is still to be sent, newest first."""
    with works().reading() as db:
        one = None if webhook is None else service.one(db, webhook)
        found = service.deliveries(db, webhook=one, limit=limit, failed=failed)
    for each in found:
        told = {
            "id": each.message_id,
            "event": each.event,
            "state": _state_of(each),
            "attempts": each.tries,
            "status": each.status,
            "reason": each.reason,
            "created": each.created_at.isoformat(),
        }
        plain = f"{each.created_at:%Y-%m-%d %H:%M}  {each.message_id}  {_state_of(each):9}"
        plain += f"  {each.event}  {each.reason or ''}"
        click.echo(json.dumps(told) if as_json else plain.rstrip())


@webhooks.command()
@click.argument("webhook")
@click.argument("delivery")
def retry(*, webhook: str, delivery: str) -> None:
    """Have a DELIVERY that was given up tried again."""
    found = rules.delivery_id(delivery)
    if found is None:
        raise NotGivenUp
    with unit_of_work() as work:
        service.retry(work, public_id=webhook, delivery_id=found)
        is_told = service.one(work.db, webhook).enabled
    when = "." if is_told else f" when {webhook} is resumed, unless it is too old by then."
    click.echo(f"{delivery} is tried again{when}")


@webhooks.command()
def send() -> None:
    """Send what is due, where no process does; for a scheduler to call."""
    total = sending.Sent()
    while (sent := sending.send_due(works())) != sending.Sent():
        total += sent
        if not sent.delivered:
            break
    click.echo(
        f"Delivered {total.delivered}, to be tried again {total.failed}, given up {total.given_up}."
    )


def _state(webhook: Webhook) -> str:
    if webhook.enabled:
        return "failing" if webhook.failing_since else "told"
    return "disabled" if webhook.disabled_at else "paused"


def _state_of(delivery: Delivery) -> str:
    if delivery.delivered_at:
        return "delivered"
    return "given up" if delivery.failed_at else "waiting"
