"""Look at this deployment as somebody who has to answer for it would."""

import json
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal
from urllib.parse import urlsplit

import click
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from flask_gatehouse.cli.application import house, program, works
from flask_gatehouse.core.house import House
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.migrations import runner


@dataclass(frozen=True)
class Finding:
    """Something to mend: what, why it matters, and the line to change."""

    severity: Literal["unsafe", "note"]
    what: str
    why: str
    mend: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def doctor(*, as_json: bool) -> None:
    """Check this deployment and say what to mend. Status 1 if anything is unsafe."""
    findings = list(examine())
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


def examine() -> Iterator[Finding]:
    """Yield what is unsafe or worth knowing in the current application."""
    yield from _public_url(house().settings[CoreSettings])
    yield from _debug()
    yield from _files(house())
    yield from _tables()


def _public_url(core: CoreSettings) -> Iterator[Finding]:
    url = urlsplit(core.public_url)
    if url.scheme == "https":
        return
    local = url.hostname in {"127.0.0.1", "localhost", "::1"}
    yield Finding(
        "note" if local else "unsafe",
        f"The public URL is {core.public_url}, without https.",
        "Passwords and cookies travel readable, and cookies carry neither Secure nor __Host-.",
        "GATEHOUSE_PUBLIC_URL=https://your.host",
    )


def _debug() -> Iterator[Finding]:
    if current_app.debug:
        yield Finding(
            "unsafe",
            "The application runs in debug mode.",
            "Whoever provokes an error can run code in the debugger.",
            "FLASK_DEBUG=0",
        )


def _files(house_: House) -> Iterator[Finding]:
    """Whether others on this machine can read what is kept in files."""
    if not house_.home.exists():
        return
    for path in (house_.home, *house_.home.glob("gatehouse.db*"), house_.home / "secret_key"):
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            mode = "700" if path.is_dir() else "600"
            yield Finding(
                "unsafe",
                f"{path} can be opened by other users of this machine.",
                "It holds the accounts, or the key to all sessions.",
                f"chmod {mode} {path}",
            )


def _tables() -> Iterator[Finding]:
    try:
        state = runner.check(works().engine)
    except SQLAlchemyError as error:
        yield Finding(
            "unsafe",
            f"The database does not answer ({type(error).__name__}).",
            "Nobody can sign in; every page that asks who is there answers 503.",
            "GATEHOUSE_DATABASE_URL, or start the database",
        )
        return
    if not state.good:
        yield Finding(
            "unsafe",
            f"The tables are at {state.current or 'nothing'}, this release expects {state.newest}.",
            "Pages will fail where tables or columns are missing.",
            f"{program()} db upgrade",
        )
