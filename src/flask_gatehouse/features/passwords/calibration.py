"""Measure what a hash costs on this machine, and choose the cost that goes with a time.

Chosen once, by whoever runs the site, and kept in the configuration: a process that measured at its
own start would choose by whatever else the machine did at that moment.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import Size, key_of
from flask_gatehouse.features.passwords.hashing import CEILING, FLOORS, Cost, Hasher

#: KiB that are tried; the first three are those of the floors.
MEMORIES: Final = (12288, 19456, 47104, 65536, 98304, 131072)

#: Hashes of one cost, of which the middle one counts.
_ROUNDS: Final = 3

Timer = Callable[[Cost], float]


@dataclass(frozen=True)
class Measured:
    """A cost, and the seconds that one hash of it takes."""

    cost: Cost
    seconds: float


def timed(cost: Cost) -> float:
    """Return the seconds that one hash takes, the middle of a few."""
    hasher = Hasher(cost, allow_cheap=True)

    def once() -> float:
        began = time.perf_counter()
        hasher.decoy("nobody's password")
        return time.perf_counter() - began

    return median(once() for _ in range(_ROUNDS))


def measure(
    *, target: float, most_memory_kib: int, lanes: int = 1, timer: Timer = timed
) -> list[Measured]:
    """Return for each memory the most passes that fit into a time, and never less than a floor.

    Args:
        target: seconds that one hash may take.
        most_memory_kib: memories above it are not tried.
    """
    fitting = [memory for memory in MEMORIES if memory <= most_memory_kib] or [MEMORIES[0]]
    return [_most(memory, target, lanes, timer) for memory in fitting]


def chosen(measured: Sequence[Measured], *, target: float) -> Measured:
    """Return the most memory that fits into the time; if nothing fits, the quickest.

    Memory is what attackers are shortest of. Source: RFC 9106 4, steps 3 and 7.
    """
    fitting = [each for each in measured if each.seconds <= target]
    if not fitting:
        return min(measured, key=lambda each: each.seconds)
    return max(fitting, key=lambda each: each.cost.memory_kib)


def lines(cost: Cost) -> list[str]:
    """Return the lines of the configuration that ask for a cost."""
    asked = {
        "hash_time": cost.time,
        "hash_memory": Size(cost.memory_kib * 1024),
        "hash_lanes": cost.lanes,
    }
    return [f"{key_of('passwords', name)}={value}" for name, value in asked.items()]


def _most(memory_kib: int, target: float, lanes: int, timer: Timer) -> Measured:
    least = _least(memory_kib, lanes)
    first = Measured(least, timer(least))
    a_pass = first.seconds / least.time
    for passes in range(min(CEILING.time, int(target / a_pass)), least.time, -1):
        cost = replace(least, time=passes)
        if _is_allowed(cost) and (seconds := timer(cost)) <= target:
            return Measured(cost, seconds)
    return first


def _least(memory_kib: int, lanes: int) -> Cost:
    """Return the fewest passes over this memory that reach a floor."""
    return next(cost for cost in _costs(memory_kib, lanes) if any(map(cost.reaches, FLOORS)))


def _costs(memory_kib: int, lanes: int) -> Iterator[Cost]:
    for passes in range(1, CEILING.time + 1):
        yield Cost(time=passes, memory_kib=memory_kib, lanes=lanes)


def _is_allowed(cost: Cost) -> bool:
    try:
        Hasher(cost)
    except Misconfigured:
        return False
    return True
