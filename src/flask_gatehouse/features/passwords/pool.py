"""Admission to hashing: so many at once, and nobody waits who would wait too long.

A hash takes tens of milliseconds and tens of MiB on purpose. Without a bound, a burst of sign-ins
takes all memory and every request waits for all others; with it, those beyond the bound are told at
once to come back (ASVS 5.0 15.2.2).
"""

import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar
from weakref import WeakSet

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.passwords.errors import HashingOverloaded

_Result = TypeVar("_Result")

#: Seconds that a hash is thought to take until the first ones have been measured.
_FIRST_GUESS: Final = 0.1

#: How much the latest duration counts in the running mean.
_WEIGHT: Final = 1 / 8

#: Seconds. The jitter keeps those who were turned away together from returning together.
_SOONEST, _LATEST = 2, 10


class HashPool:
    """The hashing slots of one process. A forked process starts with all of its slots free.

    Args:
        size: hashes that may run at once, in this process.
        patience: seconds that a caller may wait for a slot.
    """

    def __init__(
        self, size: int, patience: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if size < 1 or patience < 0:
            raise Misconfigured("Hashing needs at least one slot, and a wait that is not negative.")
        self.size = size
        self.patience = patience
        self._clock = clock
        self._usual = _FIRST_GUESS
        self._start_afresh()
        _POOLS.add(self)

    def run(self, work: Callable[[], _Result]) -> _Result:
        """Do one hash's work in a slot and return what it returns.

        Raises:
            HashingOverloaded: no slot within the patience; `work` was not called.
        """
        self._take_slot()
        began = self._clock()
        try:
            return work()
        finally:
            self._free_slot(self._clock() - began)

    @property
    def waiting(self) -> int:
        """How many callers wait for a slot."""
        return len(self._line)

    @property
    def hashes_done(self) -> int:
        """How many hashes this process has done, whether they matched or not."""
        return self._done

    @property
    def turned_away(self) -> int:
        """How many callers this process has told to come back."""
        return self._turned_away

    def _take_slot(self) -> None:
        with self._changed:
            if self._line or self._running == self.size:
                self._wait_in_line()
            self._running += 1

    def _wait_in_line(self) -> None:
        expected = (len(self._line) + 1) * self._usual / self.size
        if expected > self.patience:
            self._turn_away()
        me = object()
        self._line.append(me)
        try:
            served = self._changed.wait_for(
                lambda: self._line[0] is me and self._running < self.size, self.patience
            )
        finally:
            self._line.remove(me)
            self._changed.notify_all()
        if not served:
            self._turn_away()

    def _turn_away(self) -> None:
        self._turned_away += 1
        raise HashingOverloaded(retry_after=_SOONEST + secrets.randbelow(_LATEST - _SOONEST + 1))

    def _free_slot(self, duration: float) -> None:
        with self._changed:
            self._running -= 1
            self._done += 1
            self._usual += (duration - self._usual) * _WEIGHT
            self._changed.notify_all()

    def _start_afresh(self) -> None:
        """Forget locks and counts: the threads that held them are not in a forked process."""
        self._changed = threading.Condition(threading.Lock())
        self._line: deque[object] = deque()
        self._running = self._done = self._turned_away = 0


_POOLS: WeakSet[HashPool] = WeakSet()


def _start_all_afresh() -> None:
    for pool in _POOLS:
        pool._start_afresh()  # noqa: SLF001 - the other half of this module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_all_afresh)
