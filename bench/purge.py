"""Does clearing away disturb anybody? Pages that are fetched while expired sessions are deleted.

The purge is Gatehouse's own command in a process of its own, as an owner runs it; the upkeep of a
site does the same in the same pieces. Pages are fetched one every few milliseconds. The purge is
stopped and let go on in turns, so that pages in quiet and pages beside it share whatever else the
machine does; after some turns it is ended. Run as `python -m bench.purge FOLDER [URL]` this module
is that process.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from sqlalchemy import text

from bench import fresh, wsgi
from bench.contenders import Clone, Growth, gatehouse
from bench.growth import fill
from bench.measure import Middle, Running, middle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

    Tell = Callable[[str], None]

ROOT = Path(__file__).parent.parent
PAUSE = 0.004
"""Seconds between two pages: people who read, not a machine at its limit."""

TURN = 4.0
"""Seconds of a turn, in quiet or beside the purge."""

TURNS = 25
"""Pairs of turns; fewer if nothing is left to delete."""

FEWEST = 2
"""Pairs without which there is nothing to compare."""

BEGINS = 60.0
"""Seconds within which the purge has to delete its first rows."""

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
    """Pages of each turn, in nanoseconds, in quiet and beside the purge, and how fast rows went."""

    quiet: list[list[float]]
    during: list[list[float]]
    rows_a_second: float

    def times(self, what: Callable[[list[float]], float]) -> Middle:
        """Return how many times as long pages take beside the purge, compared in each turn."""
        pairs = zip(self.during, self.quiet, strict=True)
        return middle(what(during) / what(quiet) for during, quiet in pairs)


def disturb(folder: Path, url: str | None, rows: int, tell: Tell) -> Disturbed:
    """Fill a database with sessions that are over, and fetch pages while they are deleted."""
    name = "PostgreSQL" if url else "SQLite"
    folder.mkdir(parents=True)
    if url is None:
        _fill_file(folder, rows, lambda said: tell(f"{name}: {said}"))
    else:
        gatehouse.prepare(folder, **_where(url))
    app = gatehouse.create_app(folder, **_where(url))
    visitor = Running(gatehouse.CONTENDER, app).signed_in()
    if url is not None:
        _fill_server(app, rows)
        tell(f"{name}: {rows:,} rows made")
    environ = visitor.environ("/private")
    fetch = lambda: wsgi.timed(app, environ)  # noqa: E731 - named for what it does.
    with _purging(folder, url) as process:
        left = _begun(app, process)
        disturbed, taken = _in_turns(fetch, process)
        gone = left - _left(app)
    tell(f"{name}: {gone:,} of {rows:,} rows purged in {taken:.0f} s")
    return Disturbed(*disturbed, gone / taken)


@contextmanager
def _purging(folder: Path, url: str | None) -> Iterator[subprocess.Popen[str]]:
    """Purge in another process, until the block ends."""
    command = [sys.executable, "-m", "bench.purge", str(folder), *([url] if url else [])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _begun(app: Flask, process: subprocess.Popen[str]) -> int:
    """Wait until the first rows are gone; return how many are left."""
    whole, ends = _left(app), perf_counter() + BEGINS
    while (left := _left(app)) == whole:
        if process.poll() is not None or perf_counter() > ends:
            message = "the purge does not begin"
            raise wsgi.UnexpectedAnswerError(message)
        sleep(0.1)
    return left


def _in_turns(
    fetch: Callable[[], float], process: subprocess.Popen[str]
) -> tuple[tuple[list[list[float]], list[list[float]]], float]:
    """Fetch pages in quiet and beside the purge; return them, and for how long it purged."""
    quiet: list[list[float]] = []
    during: list[list[float]] = []
    purged = 0.0
    while len(during) < TURNS:
        began = perf_counter()
        pages = _turn(fetch)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGSTOP)
        purged += perf_counter() - began
        during.append(pages)
        quiet.append(_turn(fetch))
        process.send_signal(signal.SIGCONT)
    if len(during) < FEWEST:
        message = "the purge was over too soon to say anything: it needs more rows"
        raise wsgi.UnexpectedAnswerError(message)
    return (quiet, during), purged


def _turn(fetch: Callable[[], float]) -> list[float]:
    taken, ends = [], perf_counter() + TURN
    while perf_counter() < ends:
        taken.append(fetch())
        sleep(PAUSE)
    return taken


def p99(figures: list[float]) -> float:
    """Return what one figure in a hundred is above."""
    return quantiles(figures, n=100)[-1]


def _left(app: Flask) -> int:
    """Return how many sessions there are."""
    with app.app_context(), app.extensions["gatehouse"].works.reading() as db:
        return int(db.execute(text("SELECT count(*) FROM gatehouse_session")).scalar_one())


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
    from flask_gatehouse.db import patience  # noqa: PLC0415 - as the contender's.
    from flask_gatehouse.features.sessions.models import Session  # noqa: PLC0415 - as above.

    made = {"digest", "public_id", "sign_in_id", "subject", "idle_expires_at", "expires_at"}
    made.add("user_id")  # NULL: as with the file.
    same = ", ".join(each.name for each in Session.__table__.columns if each.name not in made)
    engine = app.extensions["gatehouse"].works.engine
    with app.app_context(), engine.begin() as connection, patience.lifted(connection):
        connection.exec_driver_sql(COPY.format(same=same, rows=rows))


if __name__ == "__main__":
    folder, *url = sys.argv[1:]
    place = _where(url[0] if url else None)
    gatehouse.command(gatehouse.create_app(Path(folder), **place), "sessions", "purge")
