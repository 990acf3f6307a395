"""Admission to hashing."""

import functools
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from flask_gatehouse.core.errors import Misconfigured, Unavailable
from flask_gatehouse.features.passwords.errors import HashingOverloaded
from flask_gatehouse.features.passwords.hashing import Hasher
from flask_gatehouse.features.passwords.pool import HashPool

LONG = 60.0  # seconds: a patience that no test uses up


class Slots:
    """Fills a pool with work that lasts until it is let go."""

    def __init__(self, pool: HashPool) -> None:
        self.pool = pool
        self.threads = ThreadPoolExecutor(16)
        self._let_go = threading.Event()
        self._both = threading.Barrier(2)

    def fill(self) -> list[Future[bool]]:
        begun = threading.Semaphore(0)

        def work() -> bool:
            begun.release()
            return self._let_go.wait(LONG)

        working = [self.threads.submit(self.pool.run, work) for _ in range(self.pool.size)]
        for _ in working:
            begun.acquire(timeout=LONG)
        return working

    def until_waiting(self, callers: int) -> None:
        while self.pool.waiting != callers:
            threading.Event().wait(0.001)

    def let_go(self) -> None:
        self._let_go.set()

    def meet(self) -> None:
        """Work of two callers that ends only when both run at once."""
        self._both.wait(LONG)


@pytest.fixture
def pool() -> HashPool:
    return HashPool(2, LONG)


@pytest.fixture
def slots(pool: HashPool) -> Iterator[Slots]:
    slots = Slots(pool)
    yield slots
    slots.let_go()
    slots.threads.shutdown()


def test_a_free_slot_is_taken_at_once_and_the_result_comes_back(
    pool: HashPool, hasher: Hasher
) -> None:
    stored = pool.run(lambda: hasher.hash("correct horse"))
    assert pool.run(lambda: hasher.verify(stored, "correct horse"))
    assert pool.hashes_done == 2


def test_work_that_raises_gives_its_slot_back() -> None:
    pool = HashPool(1, 0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            pool.run(lambda: 1 // 0)
    assert pool.run(lambda: "free") == "free"
    assert pool.hashes_done == 4


def test_no_more_than_its_size_run_at_once() -> None:
    pool, guard = HashPool(3, LONG), threading.Lock()
    running: set[object] = set()
    most = 0

    def work() -> None:
        nonlocal most
        me = object()
        with guard:
            running.add(me)
            most = max(most, len(running))
        threading.Event().wait(0.001)
        with guard:
            running.remove(me)

    with ThreadPoolExecutor(16) as threads:
        for done in [threads.submit(pool.run, work) for _ in range(100)]:
            done.result()
    assert most == 3
    assert pool.hashes_done == 100


def test_a_caller_waits_for_a_slot(pool: HashPool, slots: Slots) -> None:
    working = slots.fill()
    waiting = slots.threads.submit(pool.run, lambda: "after all")
    slots.until_waiting(1)
    assert not waiting.done()
    slots.let_go()
    assert waiting.result(LONG) == "after all"
    assert all(each.result(LONG) for each in working)
    assert pool.waiting == 0


def test_callers_are_served_in_the_order_in_which_they_came() -> None:
    slots = Slots(HashPool(1, LONG))
    slots.fill()
    served: list[int] = []
    callers = []
    for number in range(8):
        callers.append(slots.threads.submit(slots.pool.run, lambda n=number: served.append(n)))
        slots.until_waiting(number + 1)
    slots.let_go()
    for caller in callers:
        caller.result(LONG)
    slots.threads.shutdown()
    assert served == list(range(8))


def test_slots_that_are_freed_together_serve_as_many_callers() -> None:
    for _ in range(100):
        slots = Slots(HashPool(2, LONG))
        slots.fill()
        callers = [slots.threads.submit(slots.pool.run, slots.meet) for _ in range(2)]
        slots.until_waiting(2)
        slots.let_go()
        for caller in callers:
            caller.result(LONG)
        slots.threads.shutdown()


def test_who_has_waited_too_long_is_turned_away_and_does_no_work() -> None:
    slots = Slots(HashPool(16, 0.02))
    slots.threads = ThreadPoolExecutor(17)
    slots.fill()
    with pytest.raises(HashingOverloaded):
        slots.pool.run(lambda: pytest.fail("it was turned away"))
    assert (slots.pool.hashes_done, slots.pool.turned_away, slots.pool.waiting) == (0, 1, 0)
    slots.let_go()
    slots.threads.shutdown()
    assert slots.pool.run(lambda: "free again") == "free again"


def test_who_was_let_in_is_served_even_if_it_takes_longer_than_was_thought() -> None:
    slots = Slots(HashPool(1, 0.3))
    slots.fill()
    caller = slots.threads.submit(slots.pool.run, lambda: "served")
    slots.until_waiting(1)
    time.sleep(0.6)
    slots.let_go()
    assert caller.result(LONG) == "served"
    assert slots.pool.turned_away == 0
    slots.threads.shutdown()


def test_who_would_wait_too_long_is_turned_away_without_waiting() -> None:
    now = 0.0

    def slow() -> None:
        nonlocal now
        now += 1000.0

    pool = HashPool(2, LONG, clock=lambda: now)
    pool.run(slow)  # a slot is now thought to be free after two minutes
    slots = Slots(pool)
    slots.fill()
    with pytest.raises(HashingOverloaded):
        pool.run(lambda: pytest.fail("it was turned away"))
    assert pool.waiting == 0
    slots.let_go()
    slots.threads.shutdown()


def test_the_line_is_as_long_as_the_patience_allows() -> None:
    now = 0.0

    def slow() -> None:
        nonlocal now
        now += 2 * 19.0

    pool = HashPool(1, LONG, clock=lambda: now)
    pool.run(slow)  # a hash is now thought to take a little over 19 s, and patience is 60 s
    slots = Slots(pool)
    slots.fill()
    in_line = []
    for number in range(3):
        in_line.append(slots.threads.submit(pool.run, lambda: "served"))
        slots.until_waiting(number + 1)
    with pytest.raises(HashingOverloaded):
        pool.run(lambda: pytest.fail("it was turned away"))
    slots.let_go()
    assert [caller.result(LONG) for caller in in_line] == ["served"] * 3
    assert pool.turned_away == 1
    slots.threads.shutdown()


def test_a_pool_recovers_from_one_slow_hash() -> None:
    now = 0.0

    def take(seconds: float) -> None:
        nonlocal now
        now += seconds

    pool = HashPool(1, LONG, clock=lambda: now)
    pool.run(lambda: take(1000.0))
    for _ in range(40):
        pool.run(lambda: take(0.05))
    slots = Slots(pool)
    slots.fill()
    waiting = slots.threads.submit(pool.run, lambda: "served")
    slots.until_waiting(1)
    slots.let_go()
    assert waiting.result(LONG) == "served"
    slots.threads.shutdown()


def test_an_overload_says_when_to_come_back_and_not_to_all_the_same() -> None:
    pool = HashPool(1, 0)
    answers: set[int] = set()

    def ask_again() -> None:
        for _ in range(200):
            with pytest.raises(Unavailable) as overload:
                pool.run(lambda: None)
            assert overload.value.code == "passwords.overloaded"
            answers.add(overload.value.retry_after)

    pool.run(ask_again)
    assert answers == set(range(2, 11))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_starts_with_free_slots(pool: HashPool, slots: Slots) -> None:
    pool.run(lambda: None)
    slots.fill()
    child = os.fork()
    if child == 0:
        free = pool.hashes_done == 0 and pool.run(lambda: True) and pool.hashes_done == 1
        os._exit(0 if free else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert pool.hashes_done == 1


@pytest.mark.parametrize(("size", "patience"), [(0, 1.0), (-1, 1.0), (1, -0.1)])
def test_a_pool_without_slots_is_refused(size: int, patience: float) -> None:
    with pytest.raises(Misconfigured):
        HashPool(size, patience)


# Places: who waits holds up a thread of the server


def test_strangers_leave_a_place_to_people_who_are_signed_in() -> None:
    pool = HashPool(1, LONG, places=2)
    slots = Slots(pool)
    slots.fill()
    with pytest.raises(HashingOverloaded):
        pool.run(lambda: pytest.fail("it was turned away"))
    live = slots.threads.submit(pool.run, lambda: "served", live=True)
    slots.until_waiting(1)
    with pytest.raises(HashingOverloaded):
        pool.run(lambda: pytest.fail("it was turned away"), live=True)
    slots.let_go()
    assert live.result(LONG) == "served"
    slots.threads.shutdown()


@pytest.mark.parametrize(("places", "strangers"), [(2, 1), (5, 4), (9, 8), (10, 8), (16, 13)])
def test_a_fifth_of_the_places_is_kept(places: int, strangers: int) -> None:
    pool = HashPool(1, LONG, places=places)
    slots = Slots(pool)
    slots.fill()
    waiting = []
    for number in range(strangers - 1):
        waiting.append(slots.threads.submit(pool.run, lambda: "served"))
        slots.until_waiting(number + 1)
    with pytest.raises(HashingOverloaded):
        pool.run(lambda: pytest.fail("it was turned away"))
    slots.let_go()
    assert all(each.result(LONG) == "served" for each in waiting)
    slots.threads.shutdown()


def test_who_is_signed_in_goes_before_strangers() -> None:
    slots = Slots(HashPool(1, LONG))
    slots.fill()
    served: list[str] = []
    callers = []
    for number, (name, live) in enumerate([("stranger", False), ("alice", True), ("bob", True)]):
        work = functools.partial(served.append, name)
        callers.append(slots.threads.submit(slots.pool.run, work, live=live))
        slots.until_waiting(number + 1)
    slots.let_go()
    for caller in callers:
        caller.result(LONG)
    slots.threads.shutdown()
    assert served == ["alice", "bob", "stranger"]


def test_a_place_is_free_again_when_its_caller_is_gone() -> None:
    pool = HashPool(1, 0.02, places=3)
    pool.run(lambda: None)
    slots = Slots(pool)
    slots.fill()
    for _ in range(5):  # each waits, and gives up
        with pytest.raises(HashingOverloaded):
            pool.run(lambda: pytest.fail("nobody waits for it any more"))
    assert pool.waiting == 0
    slots.let_go()
    slots.threads.shutdown()
    assert pool.run(lambda: "free again") == "free again"
    assert pool.hashes_done == 3


def test_a_pool_with_no_place_for_anybody_is_refused() -> None:
    with pytest.raises(Misconfigured):
        HashPool(1, 1.0, places=1)


def test_hashes_are_computed_by_threads_that_stand_back() -> None:
    def who() -> tuple[int, int]:
        here = threading.get_native_id()
        return here, os.getpriority(os.PRIO_PROCESS, here)

    pool = HashPool(1, LONG)
    thread, niceness = pool.run(who)
    own = threading.get_native_id()
    assert thread != own
    assert niceness > os.getpriority(os.PRIO_PROCESS, own)


def test_threads_are_started_when_they_are_needed_and_no_more_than_the_slots() -> None:
    before = hash_threads()  # of pools of other tests, which end by and by
    pool = HashPool(3, LONG)
    assert not hash_threads() - before
    pool.run(lambda: None)
    assert len(hash_threads() - before) == 1
    slots = Slots(pool)
    slots.fill()
    waiting = slots.threads.submit(pool.run, lambda: None)
    slots.until_waiting(1)
    assert len(hash_threads() - before) == 3
    slots.let_go()
    waiting.result(LONG)
    slots.threads.shutdown()


def hash_threads() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name == "gatehouse-hash"}
