"""From measurements to lines of the table; the aims are written here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import fresh, growth, measure, purge, truth
from bench.measure import MICRO, MILLI, Middle, middle
from bench.report import US, Figure, Reach

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bench.measure import Effort, Rounds, Running

PAGES = (
    ("anonymous", "anonymous page", 5),
    ("unasked", "public page, signed in", 10),
    ("private", "private page, signed in", 45),
)
"""Field of the measurement, name in the table, microseconds that may be added."""

STATEMENTS = {"anonymous": 0, "unasked": 0, "private": 1}


def _figure(
    name: str,
    unit: str,
    middles: Mapping[str, Middle],
    digits: int = 0,
    *,
    plus: float | None = None,
    reach: Reach | None = None,
) -> Figure:
    """Make a line of medians, with a plain number as aim or another."""
    values = {key: middle.value for key, middle in middles.items()}
    spread = middles[US].spread if US in middles else None
    aim = reach if plus is None else Reach(plus=plus)
    return Figure(name, unit, values, digits, aim, spread)


def of_requests(running: Mapping[str, Running], effort: Effort) -> list[Figure]:
    """Measure the pages: the whole time, and what is added to the bare view."""
    taken = measure.requests(running, effort)
    lines = []
    for field, name, most in PAGES:
        rounds: Rounds = getattr(taken, field)
        whole = {key: measure.scaled(rounds[key], MICRO) for key in rounds}
        more = {key: measure.added(rounds, key) for key in rounds if key != measure.BASE}
        lines.append(_figure(name, "µs", whole, 1))
        lines.append(_figure(f"{name}: added", "µs", more, 1, plus=most))
    return lines


def of_truth(folder: Path, effort: Effort) -> list[Figure]:
    """Measure the private page with a bound to believe in, and on PostgreSQL."""
    believing = truth.believing(folder, effort)
    asked = truth.on_postgres(folder / "postgres", effort)
    added = {name: measure.added(asked, name) for name in (truth.TRIP, US)}
    trips = middle(
        (own - bare) / (trip - bare)
        for own, trip, bare in zip(asked[US], asked[truth.TRIP], asked[measure.BASE], strict=True)
    )
    return [
        _figure(
            "private page, bounded cache: added",
            "µs",
            {US: measure.added(believing, US)},
            1,
            plus=25,
        ),
        _figure(
            "PostgreSQL, one question of the driver: added", "µs", {"bare": added[truth.TRIP]}, 1
        ),
        _figure("PostgreSQL, private page: added", "µs", {US: added[US]}, 1),
        _figure("PostgreSQL, private page / the question", "times", {US: trips}, 2, plus=1.3),
    ]


def of_traffic(names: Sequence[str], folder: Path) -> list[Figure]:
    """Count statements and look at `Vary`, in processes of their own."""
    seen = {name: fresh.ask("traffic", name, folder / name) for name in names}
    lines = [
        Figure(
            f"{label}: SQL",
            "statements",
            {name: each["statements"][field] for name, each in seen.items()},
            reach=Reach(plus=STATEMENTS[field]),
        )
        for field, label, _ in PAGES
    ]
    vary = {name: each["vary_cookie"] for name, each in seen.items()}
    return [*lines, Figure("anonymous page: Vary: Cookie", "0 or 1", vary, reach=Reach())]


def of_sign_ins(running: Mapping[str, Running], effort: Effort) -> list[Figure]:
    """Measure the CPU time of signing in, beside that of the hash in it."""
    taken = measure.sign_ins(running, effort)
    times = {key: measure.ratio(taken.whole[key], taken.hash_alone[key]) for key in taken.whole}
    whole = {key: measure.scaled(figures, MILLI) for key, figures in taken.whole.items()}
    alone = {key: measure.scaled(figures, MILLI) for key, figures in taken.hash_alone.items()}
    return [
        _figure("sign-in: CPU", "ms", whole, 1),
        _figure("the hash alone: CPU", "ms", alone, 1),
        _figure("sign-in / the hash alone", "times", times, 3, plus=1.15),
    ]


def of_starts(names: Sequence[str], folder: Path, effort: Effort) -> list[Figure]:
    """Measure the import and `create_app`, in fresh processes."""
    taken = fresh.starts(names, folder, effort.starts)
    wall = {name: measure.scaled(figures, MILLI) for name, figures in taken.wall.items()}
    cpu = {name: measure.scaled(figures, MILLI) for name, figures in taken.cpu.items()}
    return [
        _figure("start", "ms", wall, reach=Reach(times=1, of="tutorial")),
        _figure("start: CPU", "ms", cpu),
    ]


def of_memory(names: Sequence[str], folder: Path) -> list[Figure]:
    """Measure a worker's memory after its first sign-in, in fresh processes."""
    seen = {name: fresh.ask("memory", name, folder / name) for name in names}
    buffer = fresh.hash_buffer(US, folder / US) if US in names else 0.0
    return [
        Figure(
            "memory after a sign-in",
            "MiB",
            {name: each["resident"] for name, each in seen.items()},
            digits=1,
            reach=Reach(times=1, of="tutorial", plus=buffer),
        ),
        Figure(
            "memory at its highest",
            "MiB",
            {name: each["peak"] for name, each in seen.items()},
            digits=1,
        ),
    ]


def of_growth(
    names: Sequence[str],
    folder: Path,
    effort: Effort,
    rows: int,
    tell: Callable[[str], None],
) -> list[Figure]:
    """Measure the private page and the look-up, with few rows and with many."""
    grown = growth.grow(names, rows, folder, effort, tell)
    span = f"{growth.FEW:,} -> {rows:,}"
    page = {key: measure.ratio(one.page[1], one.page[0]) for key, one in grown.items()}
    found = {key: measure.ratio(one.lookup[1], one.lookup[0]) for key, one in grown.items()}
    few = {key: measure.scaled(one.lookup[0], MILLI) for key, one in grown.items()}
    many = {key: measure.scaled(one.lookup[1], MILLI) for key, one in grown.items()}
    return [
        _figure(f"private page, {span}", "times", page, 2, plus=1.3),
        _figure(f"look-up by name, {span}", "times", found, 2, plus=1.3),
        _figure(f"look-up by name, of {growth.FEW:,}", "ms", few, 2),
        _figure(f"look-up by name, of {rows:,}", "ms", many, 2),
    ]


def of_purge(
    names: Sequence[str],
    folder: Path,
    rows: int,
    postgres: str | None,
    tell: Callable[[str], None],
) -> list[Figure]:
    """Measure how much slower the slowest pages are while expired sessions are deleted."""
    if US not in names:
        return []
    lines = []
    for kind, url in {"SQLite": None, **({"PostgreSQL": postgres} if postgres else {})}.items():
        seen = purge.disturb(folder / kind.lower(), url, rows, tell)
        during = {US: seen.during / seen.quiet}
        lines += [
            Figure(f"page p99, purge of {rows:,}, {kind}", "times", during, 2, Reach(plus=1.5)),
            Figure(f"page p99, in quiet, {kind}", "ms", {US: seen.quiet / MILLI}, 2),
            Figure(f"sessions purged, {kind}", "a second", {US: seen.rows_a_second}),
        ]
    return lines
