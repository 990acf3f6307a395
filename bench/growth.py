"""Does it stay as fast when there are many? A thousand rows beside a million.

Each contender gets two databases that differ only in their number of users and
sessions. Both applications live in this process and take turns; what is reported
is how many times longer the larger takes.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import count, cycle, islice
from time import perf_counter, perf_counter_ns
from typing import TYPE_CHECKING

from bench import fresh, wsgi
from bench.contenders import load, nth_name
from bench.measure import Running, interleave

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from bench.contenders import Clone, Contender, Growth
    from bench.measure import Effort

    Tell = Callable[[str], None]

FEW = 1_000
CHUNK = 50_000
"""Rows in one transaction, and between two counts shown."""

GUESTS = 8
"""People signed in whose pages are fetched in turns, spread over the table."""

STRIDE = 611_953
"""A prime: steps of this length go all over the table before they come back."""

INDEXES = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql > ''"
"""Those that can be made after the rows, which sorts once instead of searching every time."""

CACHE_KIB = 512 * 1024
"""SQLite's page cache while filling: indexes of random keys are built in memory."""


@dataclass(frozen=True)
class Grown:
    """Nanoseconds with few rows and with many, one figure from each round."""

    page: tuple[Sequence[float], Sequence[float]]
    lookup: tuple[Sequence[float], Sequence[float]]
    sign_in: tuple[Sequence[float], Sequence[float]] | None


def fill(database: Path, growth: Growth, rows: int, tell: Tell) -> None:
    """Copy the user, and what belongs to it, `rows` times."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        clones = growth.clones(connection)
        filled = {clone.table for clone in clones}
        found = connection.execute(INDEXES).fetchall()
        indexes = [(name, create) for name, table, create in found if table in filled]
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"')
        for clone in clones:
            _copy(connection, clone, rows, tell)
        for name, create in indexes:
            connection.execute(create)
            tell(f"{name} made")
        connection.execute(f"PRAGMA journal_mode = {journal}").fetchall()


def _copy(connection: sqlite3.Connection, clone: Clone, rows: int, tell: Tell) -> None:
    """Fill one table, in chunks."""
    select = f'SELECT * FROM "{clone.table}" WHERE {clone.like} LIMIT 1'  # noqa: S608 - ours.
    cursor = connection.execute(select)
    first = cursor.fetchone()
    columns = [column[0] for column in cursor.description]
    places = ", ".join("?" * len(columns))
    insert = f'INSERT INTO "{clone.table}" VALUES ({places})'  # noqa: S608 - ours.
    waiting = _rows(clone, columns, first, rows)
    for done in range(0, rows, CHUNK):
        connection.execute("BEGIN")
        connection.executemany(insert, islice(waiting, CHUNK))
        connection.execute("COMMIT")
        tell(f"{clone.table}: {min(done + CHUNK, rows):,} of {rows:,} rows")


def _rows(
    clone: Clone,
    columns: Sequence[str],
    first: Sequence[object],
    rows: int,
) -> Iterator[list[object]]:
    """Yield copies of a row, with the named columns made anew."""
    row = list(first)
    makers = [(columns.index(name), make) for name, make in clone.columns.items()]
    for number in range(rows):
        for place, make in makers:
            row[place] = make(number)
        yield row.copy()


@dataclass(frozen=True)
class _Grove:
    """One contender at one size."""

    contender: Contender
    growth: Growth
    running: Running
    rows: int

    def page(self) -> Callable[[], float]:
        """Return a function that fetches the private page of the next of the guests."""
        numbers = (self.rows * place // GUESTS for place in range(GUESTS))
        guests = [
            self.running.signed_in(nth_name(number), f"10.2.0.{place + 1}")
            for place, number in enumerate(numbers)
        ]
        environs = cycle([guest.environ("/private") for guest in guests])
        return lambda: wsgi.timed(self.running.app, next(environs))

    def lookup(self) -> Callable[[], float]:
        """Return a function that looks up a name far from the last one."""
        return self._each(self.growth.lookup(self.running.app))

    def sign_in(self) -> Callable[[], float] | None:
        """Return a function that signs in somebody far from the last one, without the hash."""
        enter = self.growth.sign_in
        return None if enter is None else self._each(enter(self.running.app))

    def _each(self, find: Callable[[str], bool]) -> Callable[[], float]:
        turns = count()

        def once() -> float:
            name = nth_name(next(turns) * STRIDE % self.rows)
            began = perf_counter_ns()
            found = find(name)
            taken = perf_counter_ns() - began
            if not found:
                message = f"{self.contender.label} does not find {name}"
                raise wsgi.UnexpectedAnswerError(message)
            return taken

        return once


def _plant(name: str, rows: int, folder: Path, tell: Tell) -> _Grove | None:
    """Make one database of one contender, filled, and the application on it."""
    contender = load(name)
    if contender.growth is None:
        return None
    folder.mkdir(parents=True)
    fresh.ask("prepare", name, folder)
    fresh.ask("memory", name, folder)  # Signs in, so that there is a session to copy.
    began = perf_counter()
    fill(
        folder / contender.database,
        contender.growth,
        rows,
        lambda text: tell(f"{contender.label}: {text}, {perf_counter() - began:.0f} s"),
    )
    running = Running(contender, contender.create_app(folder))
    return _Grove(contender, contender.growth, running, rows)


def grow(
    names: Iterable[str],
    rows: int,
    folder: Path,
    effort: Effort,
    tell: Tell,
) -> dict[str, Grown]:
    """Measure the private page and the look-up by name, with few rows and with many."""
    grown = {}
    for name in names:
        few, many = (_plant(name, size, folder / f"{name}-{size}", tell) for size in (FEW, rows))
        if few is not None and many is not None:
            tell(f"{few.contender.label}: {FEW:,} and {rows:,} rows, in turns")
            grown[name] = _compare(few, many, effort)
    return grown


def _compare(few: _Grove, many: _Grove, effort: Effort) -> Grown:
    """Let the two sizes take turns."""
    pages = {"few": few.page(), "many": many.page()}
    lookups = {"few": few.lookup(), "many": many.lookup()}
    page = interleave(pages, effort.rounds, effort.batch)
    lookup = interleave(lookups, effort.lookups, effort.batch)
    few_in, many_in = few.sign_in(), many.sign_in()
    sign_in = None
    if few_in is not None and many_in is not None:
        entered = interleave({"few": few_in, "many": many_in}, effort.lookups, effort.batch)
        sign_in = entered["few"], entered["many"]
    return Grown((page["few"], page["many"]), (lookup["few"], lookup["many"]), sign_in)
