"""`gatehouse doctor`: look at this deployment as somebody who has to answer for it would."""

import json
from dataclasses import asdict

import click

from flask_gatehouse.features.doctor import service
from flask_gatehouse.web.work import features, works


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option("--offline", is_flag=True, help="Leave out what reaches beyond the database.")
def doctor(*, as_json: bool, offline: bool) -> None:
    """Check this deployment and say what to mend. Status 1 if anything is unsafe.

    Reaches out to the public URL, the mail server and Redis, and to each for seconds at most. Sends
    no letter and changes nothing.
    """
    findings = list(service.examine(works(), features(), offline=offline))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    elif not findings:
        click.echo("Nothing to mend.")
    else:
        for finding in findings:
            click.echo(f"{finding.severity}: {finding.what}")
            click.echo(f"    Why: {finding.why}\n    Mend: {finding.mend}")
    if any(finding.severity == "unsafe" for finding in findings):
        raise SystemExit(1)
