"""Admission to hashing: so many at once, and nobody waits who would wait too long.

A hash takes tens of milliseconds and tens of MiB on purpose. Without a bound, a burst of sign-ins
takes all memory, every core and every thread of the server, and each request waits for all others;
with it, those beyond the bound are told at once to come back (ASVS 5.0 15.2.2).

Hashes are computed by threads of the pool's own, which stand behind every other thread of the
machine: pages that hash nothing are answered as if nobody were signing in.
"""

import contextlib
import heapq
import os
import secrets
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from itertools import count
from typing import Any, Final, TypeVar
from weakref import WeakSet

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.passwords.errors import HashingOverloaded

_Result = TypeVar("_Result")

#: Seconds that a hash is thought to take until the first ones have been measured: rather too many,
#: since who is let in and not served has waited in vain.
_FIRST_GUESS: Final = 0.25

#: How much the latest duration counts in the running mean: when hashes become slower, those who
#: are let in would wait in vain, so that is believed at once.
_WEIGHT_OF_SLOWER: Final = 1 / 2
_WEIGHT_OF_FASTER: Final = 1 / 8

#: Seconds. The jitter keeps those who were turned away together from returning together.
_SOONEST, _LATEST = 2, 10

#: Seconds after which a thread without work ends; the next hash starts another.
_IDLE: Final = 10.0

#: How far hashing stands back: a page that is asked for goes first, and beside work that never ends
#: a hash still gets a quarter of a core. With 10 it would be a tenth, and few could sign in.
_NICENESS: Final = 5

#: Who was let in waits up to so many times the patience: that was judged at the door, and to be
#: turned away after waiting is worse than to wait a little more.
_LEEWAY: Final = 4

#: One place in so many is kept for people who are signed in; at least one place is.
_KEPT: Final = 5


class _Job:
    """One hash that somebody asked for."""

    def __init__(self, work: Callable[[], Any], *, live: bool, placed: bool, number: int) -> None:
        self.work = work
        self.live = live
        self.placed = placed
        self.outcome: Future[Any] = Future()
        self._order = (not live, number)

    def __lt__(self, other: "_Job") -> bool:
        return self._order < other._order


class HashPool:
    """The hashing slots of one process. A forked process starts with all of its slots free.

    Args:
        size: hashes that may run at once, in this process.
        patience: seconds that a caller may be expected to wait for a slot.
        places: callers that may hash or wait at once, each of which holds up a thread of the
            server; none bounds them by the patience only.
    """

    def __init__(
        self,
        size: int,
        patience: float,
        *,
        places: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if size < 1 or patience < 0:
            raise Misconfigured("Hashing needs at least one slot, and a wait that is not negative.")
        if places is not None and places < _FEWEST_PLACES:
            raise Misconfigured("Hashing needs at least two places: one is kept.")
        self.size = size
        self.patience = patience
        self.places = places
        self._clock = clock
        self._usual = _FIRST_GUESS
        self._start_afresh()
        _POOLS.add(self)

    def run(
        self, work: Callable[[], _Result], *, live: bool = False, placed: bool = False
    ) -> _Result:
        """Do one hash's work in a slot and return what it returns.

        Args:
            live: asked for by somebody who is signed in, and so goes before strangers.
            placed: asked for in a block of `place`.

        Raises:
            HashingOverloaded: no slot to be expected within the patience, or no place, which is
                said at once; or, against all expectation, none in a multiple of the patience. In
                each case `work` was not called.
        """
        job = _Job(work, live=live, placed=placed, number=next(_numbers))
        patience = self._admit(job)
        try:
            outcome: _Result = job.outcome.result(patience)
        except TimeoutError:
            withdrawn = self._withdraw(job)
        except BaseException:
            # Whoever asked is gone; what nobody waits for is not begun.
            self._withdraw(job)
            raise
        else:
            return outcome
        if withdrawn:
            self._turn_away()
        return job.outcome.result()  # type: ignore[no-any-return] # of what `work` returns

    @contextlib.contextmanager
    def place(self, *, live: bool = False) -> Iterator[None]:
        """Have a place in the block, in which `run` is told so: nothing is done for nothing.

        Args:
            live: for somebody who is signed in.

        Raises:
            HashingOverloaded: at once, if there is none, or no slot to be expected in time.
        """
        with self._changed:
            self._look_for_a_place(live=live)
            self._placed += 1
        try:
            yield
        finally:
            with self._changed:
                self._placed -= 1

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

    def _admit(self, job: _Job) -> float | None:
        """Give a job a slot or a place in line; return how long its caller may wait for a slot."""
        with self._changed:
            if not job.placed:
                self._look_for_a_place(live=job.live)
                self._loose += 1
            if self._taken < self.size and not self._line:
                self._give_slot(job)
                return None
            heapq.heappush(self._line, job)
            return _LEEWAY * self.patience

    def _look_for_a_place(self, *, live: bool) -> None:
        """Raise HashingOverloaded if there is no place, or no slot to be expected in time."""
        held = self._placed + self._loose
        if self.places is not None:
            kept = 0 if live else max(1, self.places // _KEPT)
            if held >= self.places - kept:
                self._turn_away()
        if held < self.size:
            return
        # Who is signed in goes before those who are not.
        ahead = sum(each.live for each in self._line) if live else held - self._taken
        if (ahead + 1) * self._usual / self.size > self.patience:
            self._turn_away()

    def _give_slot(self, job: _Job) -> None:
        """Hand a job to a thread of ours, started if all that there are have work."""
        if self._threads <= self._taken:
            threading.Thread(target=self._serve, name="gatehouse-hash", daemon=True).start()
            self._threads += 1
        self._taken += 1
        self._ready.append(job)
        self._changed.notify()

    def _withdraw(self, job: _Job) -> bool:
        """Take a job out of the line; False if it was begun, or is about to be."""
        with self._changed:
            if job not in self._line:
                return False
            self._line.remove(job)
            heapq.heapify(self._line)
            self._loose -= not job.placed
            return True

    def _turn_away(self) -> None:
        self._turned_away += 1
        raise HashingOverloaded(retry_after=_SOONEST + secrets.randbelow(_LATEST - _SOONEST + 1))

    def _serve(self) -> None:
        """Do what is handed out, until there has been nothing for a while."""
        _stand_back()
        while (job := self._next()) is not None:
            began = self._clock()
            try:
                outcome = job.work()
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever asked
                self._free_slot(job, self._clock() - began)
                job.outcome.set_exception(error)
            else:
                self._free_slot(job, self._clock() - began)
                job.outcome.set_result(outcome)
            # While this thread waits, nothing keeps what the job knew.
            del job

    def _next(self) -> _Job | None:
        with self._changed:
            if self._changed.wait_for(lambda: self._ready, _IDLE):
                return self._ready.popleft()
            self._threads -= 1
            return None

    def _free_slot(self, job: _Job, duration: float) -> None:
        with self._changed:
            self._taken -= 1
            self._loose -= not job.placed
            self._done += 1
            slower = duration > self._usual
            weight = _WEIGHT_OF_SLOWER if slower else _WEIGHT_OF_FASTER
            self._usual += (duration - self._usual) * weight
            if self._line:
                self._give_slot(heapq.heappop(self._line))

    def _start_afresh(self) -> None:
        """Forget locks and counts: the threads that held them are not in a forked process."""
        self._changed = threading.Condition(threading.Lock())
        self._line: list[_Job] = []
        self._ready: deque[_Job] = deque()
        #: Callers who have a place, and jobs of callers who have none.
        self._placed = self._loose = 0
        self._threads = self._taken = self._done = self._turned_away = 0


#: One place for somebody signed in, and one for everybody else.
_FEWEST_PLACES: Final = 2

_numbers = count()

_POOLS: WeakSet[HashPool] = WeakSet()


def cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        found = len(os.sched_getaffinity(0))
    else:
        found = os.cpu_count() or 1
    return found


def _stand_back() -> None:
    """Let every other thread of this machine go before the calling one.

    Only Linux gives threads a priority of their own; elsewhere the number would name a process.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            usual = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, usual + _NICENESS)


def _start_all_afresh() -> None:
    for pool in _POOLS:
        pool._start_afresh()  # noqa: SLF001 - the other half of this module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_all_afresh)
