"""`gatehouse doctor`: look at this deployment as somebody who has to answer for it would."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import click
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from flask_gatehouse.core.errors import Unavailable
from flask_gatehouse.core.findings import Finding
from flask_gatehouse.db.work import Works
from flask_gatehouse.feature import Examination, Feature, load
from flask_gatehouse.web.work import EXTENSION, works


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option("--offline", is_flag=True, help="Leave out what reaches beyond the database.")
def doctor(*, as_json: bool, offline: bool) -> None:
    """Check this deployment and say what to mend. Status 1 if anything is unsafe.

    Reaches out to the public URL, the mail server and Redis, and to each for seconds at most. Sends
    no letter and changes nothing.
    """
    findings = list(examine(offline=offline))
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


def examine(*, offline: bool) -> Iterator[Finding]:
    """Yield what is unsafe or worth knowing in the current application."""
    state: Any = current_app.extensions[EXTENSION]
    features: Sequence[Feature] = state.features
    unanswered = 0
    known_to_be_away = False
    for examination in (each for feature in features for each in feature.examinations):
        if examination.reaches_out and offline:
            continue
        try:
            found = _found(examination, works())
        except (SQLAlchemyError, Unavailable):
            unanswered += 1
            continue
        # The examination of the tables says why, and better.
        known_to_be_away |= examination.speaks_for_database and bool(found)
        yield from found
    if unanswered and not known_to_be_away:
        yield Finding(
            "unsafe",
            f"The database did not answer {unanswered} of the questions.",
            "What was not looked at may be anything.",
            "Run this again; look at the log of the database.",
        )


def _found(examination: Examination, works: Works) -> list[Finding]:
    return list(load(examination.place)(works))
