"""The thread that empties the outbox."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from flask_gatehouse.db.base import Base
from flask_gatehouse.db.engine import open_engine
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.mail.worker import OutboxWorker
from tests.features.mail.houses import PostRoom, house_of, room_of, tables

NEVER = timedelta(days=1)  # no poll happens while a test runs


@pytest.fixture
def started() -> Iterator[Callable[[OutboxWorker], OutboxWorker]]:
    workers: list[OutboxWorker] = []

    def start(worker: OutboxWorker) -> OutboxWorker:
        workers.append(worker.start())
        return worker

    yield start
    for worker in workers:
        worker.stop()


def until(what: Callable[[], object]) -> None:
    while not what():
        threading.Event().wait(0.01)


def sent(room: PostRoom) -> int:
    return sum(letter.sent_at is not None for letter in room.letters())


def test_a_posted_letter_is_sent_at_once(
    room: PostRoom, started: Callable[[OutboxWorker], OutboxWorker]
) -> None:
    started(OutboxWorker(room.works, poll=NEVER))
    for _ in range(3):
        room.post()
        until(lambda: sent(room) == len(room.letters()))
    assert sent(room) == 3


def test_letters_of_other_processes_are_found_without_a_nudge(
    room: PostRoom, home: Path, engine: Engine, started: Callable[[OutboxWorker], OutboxWorker]
) -> None:
    started(OutboxWorker(room.works, poll=timedelta(milliseconds=10)))
    room_of(house_of(home), engine).post()
    until(lambda: sent(room))
    assert sent(room) == 1


def test_what_waited_before_the_start_is_sent(
    room: PostRoom, started: Callable[[OutboxWorker], OutboxWorker]
) -> None:
    room.post()
    started(OutboxWorker(room.works, poll=NEVER))
    until(lambda: sent(room))
    assert sent(room) == 1


def test_the_worker_outlives_a_database_that_is_away(
    room: PostRoom,
    engine: Engine,
    started: Callable[[OutboxWorker], OutboxWorker],
    caplog: pytest.LogCaptureFixture,
) -> None:
    Base.metadata.drop_all(engine, tables())
    worker = started(OutboxWorker(room.works, poll=NEVER))
    until(lambda: "the outbox could not be emptied" in caplog.text)
    Base.metadata.create_all(engine, tables())
    room.post()
    until(lambda: sent(room) == 1)
    assert worker.running


def test_there_is_one_worker_for_each_house(
    room: PostRoom, started: Callable[[OutboxWorker], OutboxWorker]
) -> None:
    worker = started(OutboxWorker.of(room.works))
    assert OutboxWorker.of(room.works) is worker
    assert worker.start() is worker
    assert [thread.name for thread in threading.enumerate()].count("gatehouse-outbox") == 1


def test_a_stopped_worker_sends_nothing_and_starts_again(room: PostRoom) -> None:
    worker = OutboxWorker(room.works, poll=NEVER).start()
    worker.stop()
    assert not worker.running
    worker.nudge()
    worker.stop()
    worker.wait()
    room.post()
    assert sent(room) == 0
    worker.start()
    until(lambda: sent(room) == 1)
    worker.stop()


def test_each_look_happens_inside_what_the_application_needs(
    room: PostRoom, started: Callable[[OutboxWorker], OutboxWorker]
) -> None:
    state = threading.local()
    looks: list[bool] = []

    @contextmanager
    def context() -> Iterator[None]:
        state.inside = True
        yield
        looks.append(state.inside)
        state.inside = False

    room.post()
    started(OutboxWorker(room.works, poll=NEVER, inside=context))
    until(lambda: looks)
    assert sent(room) == 1


class Engines:
    """An engine for each process: no connection survives a fork."""

    def __init__(self, path: Path) -> None:
        self._url = make_url(f"sqlite:///{path}")
        self._open: dict[int, Engine] = {}

    def __call__(self) -> Engine:
        if os.getpid() not in self._open:
            self._open[os.getpid()] = open_engine(self._url)
        return self._open[os.getpid()]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_starts_a_thread_of_its_own(
    home: Path, tmp_path: Path, outbox_folder: Path
) -> None:
    looked = threading.Event()

    @contextmanager
    def looking() -> Iterator[None]:
        yield
        looked.set()

    house, engines = house_of(home), Engines(tmp_path / "forked.db")
    Base.metadata.create_all(engines(), tables())
    works = Works(house, engines)
    worker = OutboxWorker(works, poll=NEVER, inside=looking).start()
    looked.wait()
    child = os.fork()
    if child == 0:
        # Whatever happens, the child ends here: it must not go on with the parent's tests.
        status = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(60)
            before = worker.running
            worker.stop()
            OutboxWorker.of(works).start()
            room_of(house, engines()).post()
            until(lambda: list(outbox_folder.glob("*.eml")))
            status = int(before)
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert worker.running
    worker.stop()
    engines().dispose()
