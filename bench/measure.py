"""Measuring inside one process: interleaving, medians, CPU time.

Every contender takes its turn in every round, so that whatever else the machine
does hits all alike. Figures are compared within a round, and the median of those
comparisons is reported.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter_ns, process_time_ns
from typing import TYPE_CHECKING

from bench import wsgi
from bench.contenders import USER, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from wsgiref.types import WSGIApplication

    from bench.contenders import Contender, Login

BASE = "bare"
MICRO = 1_000
MILLI = 1_000_000

SLICE = 100 * MILLI
"""Nanoseconds after which a turn is over, however few takes it had."""

Rounds = dict[str, list[float]]
"""For each contender, one figure from each round, in nanoseconds."""


@dataclass(frozen=True)
class Effort:
    """How long a measurement goes on."""

    rounds: int
    batch: int
    sign_ins: int
    starts: int
    lookups: int
    storms: int
    """Rounds of a storm, at least two."""
    storm_seconds: float


FULL = Effort(rounds=80, batch=25, sign_ins=20, starts=11, lookups=25, storms=3, storm_seconds=10)
QUICK = Effort(rounds=15, batch=15, sign_ins=5, starts=5, lookups=12, storms=2, storm_seconds=5)


@dataclass(frozen=True)
class Middle:
    """A median, and half the distance between the quartiles around it."""

    value: float
    spread: float


def middle(figures: Iterable[float]) -> Middle:
    """Return the median of at least two figures and how far they lie apart."""
    held = list(figures)
    low, _, high = quantiles(held, n=4, method="inclusive")
    return Middle(median(held), (high - low) / 2)


def scaled(figures: Iterable[float], unit: float) -> Middle:
    """Return the middle in a larger unit."""
    return middle(figure / unit for figure in figures)


def added(rounds: Rounds, name: str, unit: float = MICRO) -> Middle:
    """Return what a contender adds to the bare view, compared round by round."""
    pairs = zip(rounds[name], rounds[BASE], strict=True)
    return middle((own - bare) / unit for own, bare in pairs)


def ratio(over: Sequence[float], under: Sequence[float]) -> Middle:
    """Return how many times the second the first is, compared round by round."""
    return middle(a / b for a, b in zip(over, under, strict=True))


def interleave(subjects: Mapping[str, Callable[[], float]], rounds: int, batch: int) -> Rounds:
    """Let the subjects take turns: each round, each one's median of a batch.

    The collector is left on, as in production, but what exists by now is frozen, so
    that nobody pays for walking through the objects of the others.
    """
    taken: Rounds = {name: [] for name in subjects}
    gc.collect()
    gc.freeze()
    try:
        for _ in range(rounds):
            for name, once in subjects.items():
                taken[name].append(_turn(once, batch))
    finally:
        gc.unfreeze()
    return taken


def _turn(once: Callable[[], float], batch: int) -> float:
    """Return the median of one turn, which ends early when each take is long.

    The first take is thrown away: it pays for what the one before left in the
    processor's caches.
    """
    once()
    figures: list[float] = []
    ends = perf_counter_ns() + SLICE
    while not figures or (len(figures) < batch and perf_counter_ns() < ends):
        figures.append(once())
    return median(figures)


@dataclass(frozen=True)
class Running:
    """A contender, built in this process."""

    contender: Contender
    app: WSGIApplication

    def visitor(self, address: str = wsgi.HOST) -> wsgi.Visitor:
        """Return somebody who was never here."""
        return wsgi.Visitor(self.app, address)

    def signed_in(self, name: str = USER, address: str = wsgi.HOST) -> wsgi.Visitor:
        """Return somebody who came in through the login page and sees the private page.

        Raises:
            UnexpectedAnswerError: the private page does not show the name.
        """
        visitor = self.visitor(address)
        if self.contender.login is None:
            return visitor
        visitor.sign_in(self.contender.login.path, self.contender.login.fields(name))
        answer = visitor.get("/private")
        if answer.status != wsgi.OK or name.encode() not in answer.body:
            message = f"{self.contender.label}: signed in, but /private answered {answer.status}"
            raise wsgi.UnexpectedAnswerError(message)
        return visitor


def build(names: Iterable[str], folder: Path) -> dict[str, Running]:
    """Build contenders whose databases were prepared in subfolders of their names."""
    running = {}
    for name in names:
        contender = load(name)
        running[name] = Running(contender, contender.create_app(folder / name))
    return running


def page(visitor: wsgi.Visitor, path: str) -> Callable[[], float]:
    """Return a function that fetches one page once and says how long it took."""
    environ = visitor.environ(path)

    def once() -> float:
        return wsgi.timed(visitor.app, environ)

    for _ in range(10):  # Fill what is filled on first use: template and statement caches.
        once()
    return once


@dataclass(frozen=True)
class Requests:
    """The three kinds of request, in nanoseconds."""

    anonymous: Rounds
    unasked: Rounds
    private: Rounds


def requests(running: Mapping[str, Running], effort: Effort) -> Requests:
    """Measure the pages, for somebody unknown and for somebody signed in."""
    strangers = {name: one.visitor() for name, one in running.items()}
    guests = {name: one.signed_in() for name, one in running.items()}

    def turns(visitors: Mapping[str, wsgi.Visitor], path: str) -> Rounds:
        pages = {name: page(visitor, path) for name, visitor in visitors.items()}
        return interleave(pages, effort.rounds, effort.batch)

    return Requests(
        anonymous=turns(strangers, "/public"),
        unasked=turns(guests, "/public"),
        private=turns(guests, "/private"),
    )


@dataclass(frozen=True)
class SignIns:
    """CPU time of the login request, and of the hash it contains, in nanoseconds."""

    whole: Rounds
    hash_alone: Rounds


def _cpu_of(action: Callable[[], object]) -> float:
    """Return the CPU time of an action: of all threads, since a hash may use several."""
    began = process_time_ns()
    action()
    return process_time_ns() - began


def _sign_in_cpu(one: Running, login: Login, turn: int) -> float:
    """Return the CPU time of sending the form; fetching it is not counted.

    Every sign-in comes from an address of its own, since any of the contenders may
    slow down an address from which many come.
    """
    visitor = one.visitor(f"10.1.{turn // 250}.{turn % 250 + 1}")
    fields = visitor.fill_login(login.path, login.fields(USER))
    return _cpu_of(lambda: visitor.send_login(login.path, fields))


def sign_ins(running: Mapping[str, Running], effort: Effort) -> SignIns:
    """Measure the login request and the hash alone, in turns."""
    logins = {
        name: (one, one.contender.login, one.contender.login.hash_alone(one.app))
        for name, one in running.items()
        if one.contender.login is not None
    }
    whole: Rounds = {name: [] for name in logins}
    alone: Rounds = {name: [] for name in logins}
    for turn in range(effort.sign_ins + 1):
        for name, (one, login, verify) in logins.items():
            hashed, entire = _cpu_of(verify), _sign_in_cpu(one, login, turn)
            if turn:  # The first turn warms up.
                alone[name].append(hashed)
                whole[name].append(entire)
    return SignIns(whole, alone)
