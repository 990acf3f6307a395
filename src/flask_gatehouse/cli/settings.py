"""Show every setting: what is in force, and where it comes from."""

import json

import click

from flask_gatehouse.cli.application import house
from flask_gatehouse.core.settings import InForce, kind_of, origin_of, written


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option("--changed", is_flag=True, help="Show only what is not the default.")
def settings(*, as_json: bool, changed: bool) -> None:
    """Print every setting: name, value in force, default, unit, source and meaning."""
    rows = [row for row in house().settings.in_force if not changed or row.origin != "default"]
    if as_json:
        click.echo(json.dumps([_told(row) for row in rows], indent=2))
        return
    for row in rows:
        about = row.declared
        click.echo(click.style(about.key, bold=True) + f" = {written(row.value) or '(empty)'}")
        default = written(about.default) or "(empty)"
        click.echo(f"    from {origin_of(row)}; default {default}; {kind_of(about)}")
        click.echo(f"    {about.meaning}")
        if about.source:
            click.echo(f"    Source: {about.source}")


def _told(row: InForce) -> dict[str, str | None]:
    about = row.declared
    return {
        "name": about.key,
        "value": written(row.value),
        "default": written(about.default),
        "unit": kind_of(about),
        "from": row.origin if row.origin != "profile" else origin_of(row),
        "source": about.source or None,
        "meaning": about.meaning,
    }
