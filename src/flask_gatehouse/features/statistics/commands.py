"""`gatehouse statistics …`: what was counted, and counting it again."""

import json
from datetime import UTC

import click

from flask_gatehouse.features.statistics import counting, rules, service
from flask_gatehouse.web.work import house, unit_of_work, works


@click.group()
def statistics() -> None:
    """How much happened, by hours and days."""


@statistics.command()
@click.option(
    "--by",
    type=click.Choice([each.key for each in rules.SPANS]),
    default="days",
    show_default=True,
    help="By hour for two days, or by day for ninety.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def show(*, by: str, as_json: bool) -> None:
    """Show what was counted, the oldest first, in UTC."""
    with works().reading() as db:
        look = service.look(db, now=house().clock.now(), span=rules.span(by))
    labels = [f"{each.picture}: {each.label}" for each in look.series]
    if not as_json:
        click.echo("  ".join(("time".ljust(16), *labels)))
    for place, bucket in enumerate(look.buckets):
        values = [each.values[place] for each in look.series]
        if as_json:
            told = {
                "time": bucket.astimezone(UTC).isoformat(),
                **dict(zip(labels, values, strict=True)),
            }
            click.echo(json.dumps(told))
        else:
            cells = (
                ("-" if value is None else f"{value:,}").rjust(len(label))
                for label, value in zip(labels, values, strict=True)
            )
            click.echo("  ".join((f"{bucket:%Y-%m-%d %H:%M}", *cells)))


@statistics.command()
def rebuild() -> None:
    """Count again what is still in the record: two days by hour, ninety by day."""
    with unit_of_work() as work:
        counting.begin_anew(work)
    pieces = 1
    while counting.step(works()):
        pieces += 1
    click.echo(f"Counted {pieces - 1} hours and days again.")
