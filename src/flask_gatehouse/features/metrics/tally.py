"""What one process has answered. A forked process begins at nought."""

import os
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple
from weakref import WeakSet

#: Methods that are told apart; any other is "other". Source: RFC 9110 9.1; RFC 5789.
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"

#: Seconds up to which durations are counted together; the last count has all.
BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Durations(NamedTuple):
    """How long the answers of one page took."""

    endpoint: str
    #: How many took at most so long, for each of `BOUNDS`.
    within: tuple[int, ...]
    answers: int
    #: Seconds of all of them.
    seconds: float


class Tally:
    """Counts the answers of our own pages; whatever else is answered has no name here."""

    def __init__(self, endpoints: Iterable[str]) -> None:
        """Count nothing yet."""
        self._endpoints = frozenset(endpoints)
        self._begin()
        _TALLIES.add(self)

    def add(self, endpoint: str | None, method: str, status: int, seconds: float) -> None:
        """Count one answer, if it is of a page of ours."""
        if endpoint is None or endpoint not in self._endpoints:
            return
        known = method if method in METHODS else OTHER
        with self._lock:
            self._answers[endpoint, known, status] += 1
            slots = self._slots.setdefault(endpoint, [0] * (len(BOUNDS) + 1))
            slots[bisect_left(BOUNDS, seconds)] += 1
            self._seconds[endpoint] = self._seconds.get(endpoint, 0.0) + seconds

    def answers(self) -> dict[tuple[str, str, int], int]:
        """Return how often each page answered to each method with each status."""
        with self._lock:
            return dict(self._answers)

    def durations(self) -> list[Durations]:
        """Return how long the answers of each page took."""
        with self._lock:
            return [
                Durations(endpoint, _running(slots)[:-1], sum(slots), self._seconds[endpoint])
                for endpoint, slots in self._slots.items()
            ]

    def _begin(self) -> None:
        """Forget counts, and a lock that may have been held when the process was forked."""
        self._lock = threading.Lock()
        self._answers: Counter[tuple[str, str, int]] = Counter()
        self._slots: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}


def _running(slots: list[int]) -> tuple[int, ...]:
    so_far, found = 0, []
    for each in slots:
        so_far += each
        found.append(so_far)
    return tuple(found)


_TALLIES: WeakSet[Tally] = WeakSet()


def _begin_all() -> None:
    for tally in _TALLIES:
        tally._begin()  # noqa: SLF001 - the other half of this module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all)
