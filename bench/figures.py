"""From measurements to lines of the table; the aims are written here and nowhere else."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from bench import (
    answers,
    factors,
    fresh,
    growth,
    instructions,
    letters,
    measure,
    people,
    purge,
    record,
    rights,
    storm,
    throughput,
    truth,
)
from bench.contenders import load
from bench.measure import MICRO, MILLI, Middle, middle
from bench.report import US, Figure, Reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from bench.measure import Effort, Rounds, Running

PAGES = (
    ("anonymous", "anonymous page", 5),
    ("unasked", "public page, signed in", 10),
    ("private", "private page, signed in", 45),
)
"""Field of the measurement, name in the table, microseconds that may be added."""

THREADS = ((32, 1.2, 3.0), (4, 2.0, 8.0))
"""Threads of each process, and how many times as long a storm may make p50 and p99."""

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


def of_instructions(names: Sequence[str], folder: Path) -> list[Figure]:
    """Count the instructions of the private page, which no other work on the machine changes."""
    whole = {name: instructions.of_page(name, folder / name) / 1_000 for name in names}
    bare = whole[measure.BASE]
    added = {name: counted - bare for name, counted in whole.items() if name != measure.BASE}
    lines = [
        Figure("private page, signed in: instructions", "thousand", whole),
        Figure("private page, signed in: instructions added", "thousand", added),
    ]
    if US in names:
        believing = instructions.of_page(US, folder / US, bound="60s") / 1_000
        name = "private page, bounded cache: instructions added"
        compared = {"tutorial": added["tutorial"], US: believing - bare}
        lines.append(Figure(name, "thousand", compared))
    return lines


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
    entered = {
        key: measure.ratio(one.sign_in[1], one.sign_in[0])
        for key, one in grown.items()
        if one.sign_in is not None
    }
    return [
        _figure(f"private page, {span}", "times", page, 2, plus=1.3),
        _figure(f"look-up by name, {span}", "times", found, 2, plus=1.3),
        _figure(f"sign-in without its hash, {span}", "times", entered, 2, plus=1.3),
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
        quiet = middle(purge.p99(turn) / MILLI for turn in seen.quiet)
        p50, p99 = {US: seen.times(median)}, {US: seen.times(purge.p99)}
        lines += [
            _figure(f"page p50, purge of {rows:,}, {kind}", "times", p50, 2, plus=1.2),
            _figure(f"page p99, purge of {rows:,}, {kind}", "times", p99, 2, plus=1.5),
            _figure(f"page p99, in quiet, {kind}", "ms", {US: quiet}, 2),
            Figure(f"sessions purged, {kind}", "a second", {US: seen.rows_a_second}),
        ]
    return lines


def of_record(
    names: Sequence[str], folder: Path, rows: int, tell: Callable[[str], None]
) -> list[Figure]:
    """Measure the pages of the record and of statistics over very many events."""
    if US not in names:
        return []
    return [
        _figure(
            f"record of {rows:,}: {name}",
            "ms",
            {US: Middle(taken.value / MILLI, taken.spread / MILLI)},
            1,
            plus=200,
        )
        for name, taken in record.pages(folder, rows, tell).items()
    ]


def of_people(
    names: Sequence[str], folder: Path, rows: int, tell: Callable[[str], None]
) -> list[Figure]:
    """Measure the lists of people over very many accounts, and the making of their indexes."""
    if US not in names:
        return []
    taken, built = people.pages(folder, rows, tell)
    lines = [
        _figure(
            f"people of {rows:,}: {name}",
            "ms",
            {US: Middle(each.value / MILLI, each.spread / MILLI)},
            1,
            plus=200,
        )
        for name, each in taken.items()
    ]
    for name, took in built.items():
        lines.append(Figure(f"{name}, made once", "ms", {US: took / MILLI}, 0))
    return lines


def of_letters(names: Sequence[str], folder: Path, effort: Effort) -> list[Figure]:
    """Measure how long many letters take to be queued together, and then each to be sent."""
    if US not in names:
        return []
    lines = _of_letters("SQLite", letters.rounds(folder / "sqlite", None, effort.storms))
    with truth.database() as url:
        on_postgres = letters.rounds(folder / "postgresql", url, effort.storms)
    lines += _of_letters("PostgreSQL", on_postgres)
    asked = letters.answers(folder / "answers", effort.rounds)
    up = {US: measure.scaled(asked["up"], MILLI)}
    lines.append(_figure("asking for a letter, mail server up", "ms", up, 2))
    for state in letters.SERVERS[1:]:
        times = {US: measure.ratio(asked[state], asked["up"])}
        name = f"asking for a letter, mail server {state} / up"
        lines.append(_figure(name, "times", times, 2, plus=1.2))
    return lines


def _of_letters(kind: str, rounds: Sequence[letters.Round]) -> list[Figure]:
    queued, sent = [each.queued for each in rounds], [each.sent for each in rounds]
    each_letter = letters.LETTERS * MILLI
    rate = middle(letters.LETTERS / (one.wall / 1_000 / MILLI) for one in sent)
    times = measure.ratio([one.wall for one in sent], [each.alone.wall for each in rounds])
    together = f"{letters.LETTERS:,} letters queued in one transaction, {kind}"

    def line(
        name: str, unit: str, taken: Iterable[float], divisor: float, aim: float | None
    ) -> Figure:
        return _figure(name, unit, {US: measure.scaled(taken, divisor)}, 2, plus=aim)

    return [
        line(together, "s", (one.wall for one in queued), 1_000 * MILLI, 1),
        line(f"{together}: CPU", "s", (one.cpu for one in queued), 1_000 * MILLI, None),
        line(f"each letter sent, {kind}", "ms", (one.wall for one in sent), each_letter, 5),
        line(f"each letter sent, {kind}: CPU", "ms", (one.cpu for one in sent), each_letter, None),
        _figure(f"letters sent, {kind}", "a second", {US: rate}),
        _figure(f"each letter sent / by smtplib alone, {kind}", "times", {US: times}, 2),
    ]


def of_factors(names: Sequence[str], folder: Path, effort: Effort) -> list[Figure]:
    """Measure what second factors cost the server, at a sign-in and after it."""
    if US not in names:
        return []
    found = factors.taken(folder, effort)
    pages = measure.ratio(found.pages[factors.WITH], found.pages[factors.WITHOUT])
    both = measure.scaled((sum(each) for each in found.passkey), MILLI)
    answer = measure.scaled((each[1] for each in found.passkey), MILLI)
    return [
        _figure("sign-in by a passkey, both requests: CPU", "ms", {US: both}, 2, plus=5),
        _figure("sign-in by a passkey, the answer alone: CPU", "ms", {US: answer}, 2),
        _figure("a code of an app: CPU", "ms", {US: measure.scaled(found.code, MILLI)}, 2, plus=1),
        _figure("private page, with factors / without", "times", {US: pages}, 2, plus=1.05),
    ]


def of_rights(names: Sequence[str], folder: Path, effort: Effort) -> list[Figure]:
    """Measure what it costs to ask what somebody may do, after their session was looked up."""
    if US not in names:
        return []
    folder.mkdir()
    found = rights.checked(folder / "sqlite", effort)
    with truth.database() as url:
        server = rights.checked(folder / "postgres", effort, GATEHOUSE_DATABASE_URL=url)
    lines = [
        ("can, each after the first: CPU", found.can, 2.0),
        ("permissions_required, after the first: CPU", found.required, 2.0),
        ("protect, after the first: CPU", found.protected, 2.0),
        ("permissions_required, of the console: CPU", found.console, None),
        ("first look at rights, SQLite: CPU", found.first, None),
        ("first look at rights, PostgreSQL: CPU", server.first, None),
    ]
    return [
        _figure(label, "µs", {US: measure.scaled(values, MICRO)}, 2, plus=plus)
        if plus is not None
        else _figure(label, "µs", {US: measure.scaled(values, MICRO)}, 2)
        for label, values, plus in lines
    ]


def of_answers(running: Mapping[str, Running], effort: Effort) -> list[Figure]:
    """Measure whether the time of a refusal tells that a name is there."""
    known, unknown = answers.answers(running, effort)
    apart = {}
    for name in known:
        middles = [measure.middle(side[name]) for side in (known, unknown)]
        low, high = sorted(middle.value for middle in middles)
        apart[name] = Middle(high / low, max(middle.spread for middle in middles) / low)
    return [_figure("refusal, known and unknown name", "times", apart, 3, plus=1.05)]


def of_storms(names: Sequence[str], folder: Path, effort: Effort) -> list[Figure]:
    """Measure what a storm of sign-ins does to a private page, served by two processes."""
    able = [name for name in names if load(name).login is not None]
    lines = []
    for threads, p50, p99 in THREADS:
        drills = _drills(able, folder, effort, threads)
        page = f"private page, {storm.PROCESSES}x{threads} threads, storm / calm"
        for what, aim in (("p50", p50), ("p99", p99)):
            times = {name: _storm_over_calm(rounds, what) for name, rounds in drills.items()}
            lines.append(_figure(f"{page}: {what}", "times", times, 2, plus=aim))
        lines += _of_the_storm(page, drills)
    return [*lines, *_of_rates(able, folder, effort)]


def of_throughput(names: Sequence[str], folder: Path, effort: Effort) -> list[Figure]:
    """Measure private pages a second, served by two processes."""
    seconds = effort.storm_seconds
    taken = throughput.rates(names, folder, rounds=effort.storms, seconds=seconds)
    whole = {name: middle(figures) for name, figures in taken.items()}
    bare = taken[measure.BASE]
    times = {name: measure.ratio(bare, own) for name, own in taken.items() if name != measure.BASE}
    return [
        _figure("private pages a second, wrk", "pages", whole),
        _figure("bare pages a second / ours", "times", times, 2, plus=1 / 0.75),
    ]


def _drills(
    names: Sequence[str], folder: Path, effort: Effort, threads: int
) -> dict[str, list[storm.Drill]]:
    drills: dict[str, list[storm.Drill]] = {name: [] for name in names}
    for _ in range(effort.storms):
        for name in names:
            seconds = effort.storm_seconds
            drills[name].append(storm.drill(name, folder / name, threads=threads, seconds=seconds))
    return drills


def _storm_over_calm(rounds: Sequence[storm.Drill], what: str) -> Middle:
    return measure.middle(getattr(each.rough, what) / getattr(each.calm, what) for each in rounds)


def _of_the_storm(page: str, drills: Mapping[str, Sequence[storm.Drill]]) -> list[Figure]:
    """Return the pages that failed, the memory, and the refusals."""
    failed = {
        name: float(sum(each.calm.failed + each.rough.failed for each in rounds))
        for name, rounds in drills.items()
    }
    slow = {
        name: max(each.storm.slowest_refusal for each in rounds) for name, rounds in drills.items()
    }
    memory = {name: _storm_over_calm(rounds, "memory") for name, rounds in drills.items()}
    return [
        Figure(f"{page}: failed", "pages", failed, reach=Reach()),
        _figure(f"{page}: memory", "times", memory, 2, plus=1.2),
        Figure(f"{page}: slowest 503", "ms", slow, reach=Reach(plus=100)),
    ]


def _of_rates(names: Sequence[str], folder: Path, effort: Effort) -> list[Figure]:
    """Compare processes that only hash with as many that let people sign in."""
    times, costs = {}, {}
    for name in names:
        pairs, cost = [], []
        for _ in range(effort.storms):
            alone = storm.rate_of_hashing(name, folder / name, seconds=effort.storm_seconds)
            served = storm.rate(name, folder / name, threads=32, seconds=effort.storm_seconds)
            pairs.append(alone.a_second / served.a_second if served.a_second else float("inf"))
            cost.append(served.processor / alone.processor)
        times[name], costs[name] = measure.middle(pairs), measure.middle(cost)
    return [
        _figure("hashes alone / sign-ins a second", "times", times, 2, plus=1 / 0.92),
        _figure("sign-in served / the hash alone: CPU", "times", costs, 3, plus=1 / 0.92),
    ]
