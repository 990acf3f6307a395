"""Does clearing away disturb anybody? Pages that are fetched while expired sessions are deleted.

The purge is Gatehouse's own command in a process of its own, as an owner runs it; the upkeep of a
site does the same in the same pieces. Pages are fetched one every few milliseconds, before, while
it runs to its end, and after. Run as `python -m bench.purge FOLDER [URL]` it is that process.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from bench import fresh, wsgi
from bench.contenders import Clone, Growth, gatehouse
from bench.growth import fill
from bench.measure import Running

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    Tell = Callable[[str], None]

ROOT = Path(__file__).parent.parent
PAUSE = 0.004
"""Seconds between two pages: people who read, not a machine at its limit."""

PAGES = 2_000
"""Pages that are fetched before, and after."""

LONG_AGO = "2020-01-01 00:00:00.000000"

COPY = """
INSERT INTO gatehouse_session
       (digest, public_id, sign_in_id, subject, idle_expires_at, expires_at, {same})
SELECT sha256(convert_to(n::text, 'UTF8')), left(md5('public' || n), 22), left(md5('in' || n), 22),
       'person ' || n, '2020-01-01Z', '2020-01-01Z', {same}
FROM generate_series(1, {rows}) AS n, (SELECT * FROM gatehouse_session LIMIT 1) AS first
"""
"""Rows for PostgreSQL, made by itself."""


@dataclass(frozen=True)
class Disturbed:
    """The slowest page of a hundred, in nanoseconds, and how fast rows went."""

    quiet: float
    during: float
    rows_a_second: float


def disturb(folder: Path, url: str | None, rows: int, tell: Tell) -> Disturbed:
    """Fill a database with sessions that are over, and fetch pages while they are deleted."""
    name = "PostgreSQL" if url else "SQLite"
    folder.mkdir(parents=True)
    if url is None:
        _fill_file(folder, rows, lambda text: tell(f"{name}: {text}"))
    else:
        gatehouse.prepare(folder, **_where(url))
    app = gatehouse.create_app(folder, **_where(url))
    visitor = Running(gatehouse.CONTENDER, app).signed_in()
    if url is not None:
        _fill_server(app, rows)
        tell(f"{name}: {rows:,} rows made")
    environ = visitor.environ("/private")
    fetch = lambda: wsgi.timed(app, environ)  # noqa: E731 - named for what it does.
    before = _some(fetch)
    began = perf_counter()
    purging = subprocess.Popen(
        [sys.executable, "-m", "bench.purge", str(folder), *([url] if url else [])], cwd=ROOT
    )
    during = []
    while purging.poll() is None:
        during.append(fetch())
        sleep(PAUSE)
    taken = perf_counter() - began
    if purging.returncode:
        message = f"the purge ended with status {purging.returncode}"
        raise wsgi.UnexpectedAnswerError(message)
    tell(f"{name}: {rows:,} rows purged in {taken:.0f} s, {len(during):,} pages meanwhile")
    return Disturbed(_p99([*before, *_some(fetch)]), _p99(during), rows / taken)


def _some(fetch: Callable[[], float]) -> list[float]:
    """Fetch pages in quiet."""
    taken = []
    for _ in range(PAGES):
        taken.append(fetch())
        sleep(PAUSE)
    return taken


def _p99(figures: list[float]) -> float:
    return quantiles(figures, n=100)[-1]


def _fill_file(folder: Path, rows: int, tell: Tell) -> None:
    """Copy a session that another process opened, while nobody holds the file.

    What is over belongs to as many people, of whom only the host knows.
    """
    fresh.ask("prepare", "gatehouse", folder)
    fresh.ask("memory", "gatehouse", folder)
    clone = Clone(
        "gatehouse_session",
        {
            "digest": gatehouse.random_of(b"digest"),
            "public_id": lambda number: gatehouse.random_of(b"public")(number).hex()[:22],
            "sign_in_id": lambda number: gatehouse.random_of(b"sign-in")(number).hex()[:22],
            "user_id": lambda _: None,
            "subject": lambda number: f"person {number}",
            "idle_expires_at": lambda _: LONG_AGO,
            "expires_at": lambda _: LONG_AGO,
        },
    )
    growth = Growth(lambda _: [clone], lambda _: lambda _: True)
    fill(folder / gatehouse.DATABASE, growth, rows, tell)


def _where(url: str | None) -> dict[str, object]:
    """Return the settings of a contender on this database, or on its own file."""
    return {} if url is None else {"GATEHOUSE_DATABASE_URL": url}


def _fill_server(app: Flask, rows: int) -> None:
    """Let the server copy the one session that there is."""
    from flask_gatehouse.features.sessions.models import (  # noqa: PLC0415 - as the contender's.
        Session,
    )

    made = {"digest", "public_id", "sign_in_id", "subject", "idle_expires_at", "expires_at"}
    made.add("user_id")  # NULL: as with the file.
    same = ", ".join(each.name for each in Session.__table__.columns if each.name not in made)
    with app.app_context(), app.extensions["gatehouse"].works.engine.begin() as connection:
        connection.exec_driver_sql(COPY.format(same=same, rows=rows))


if __name__ == "__main__":
    folder, *url = sys.argv[1:]
    place = _where(url[0] if url else None)
    gatehouse.command(gatehouse.create_app(Path(folder), **place), "sessions", "purge")
