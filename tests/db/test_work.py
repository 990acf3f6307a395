"""The unit of work: what is kept, what is undone, and who hears of it."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, Uuid, func, select

from flask_gatehouse import Gatehouse, User
from flask_gatehouse.core.events import Event, Listener, Origin
from flask_gatehouse.db.base import Base
from flask_gatehouse.db.work import Recorder, Work, Works
from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.throttling.models import Counter
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import NameTaken
from flask_gatehouse.features.users.events import UserCreated, UserSuspended
from flask_gatehouse.testing import NOON, GatehouseTester, settings_for_tests

_Error = TypeVar("_Error", bound=BaseException)


def works_of(app: Flask) -> Works:
    works: Works = app.extensions["gatehouse"].works
    return works


def rows(app: Flask, model: type[Base]) -> int:
    with app.app_context(), works_of(app).reading() as db:
        return db.scalar(select(func.count()).select_from(model)) or 0


def names(app: Flask) -> list[str]:
    with app.app_context(), works_of(app).reading() as db:
        return sorted(db.scalars(select(User.username)))


class Nothing(Exception):  # noqa: N818 - what a host's own code may raise
    """Something went wrong in the middle."""


def given_up(error: type[_Error]) -> "pytest.RaisesExc[_Error]":
    """Expect that the story told in the block ends in this error."""
    return pytest.raises(error)


@dataclass
class Ear(Listener):
    """Hears, and looks at what is committed at that moment."""

    app: Flask
    heard: list[tuple[str, list[str]]] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)

    def hear(self, event: Event, origin: Origin) -> None:
        self.heard.append((event.name, names(self.app)))
        self.origins.append(origin)


class BrokenEar(Listener):
    def hear(self, event: Event, origin: Origin) -> None:
        del event, origin
        raise Nothing


class BrokenPen(Recorder):
    def write(self, work: Work, event: Event) -> None:
        del work, event
        raise Nothing


def furnish(app: Flask, *parts: object) -> None:
    works_of(app).house.furnish(parts)


# A transaction of its own


def test_what_was_done_is_kept_when_the_block_ends(site: GatehouseTester) -> None:
    with site.work() as work:
        users.create(work, username="alice")
        assert names(site.app) == []
    assert names(site.app) == ["alice"]


def test_all_is_undone_when_the_block_raises(site: GatehouseTester) -> None:
    with given_up(Nothing), site.work() as work:
        users.create(work, username="alice")
        raise Nothing
    assert names(site.app) == []
    assert rows(site.app, AuditRow) == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_all_is_undone_when_the_program_is_told_to_end(
    site: GatehouseTester, error: type[BaseException]
) -> None:
    with given_up(error), site.work() as work:
        users.create(work, username="alice")
        raise error
    assert names(site.app) == []


def test_a_refusal_undoes_what_came_before_it(site: GatehouseTester) -> None:
    site.add_user("alice")
    before = rows(site.app, AuditRow)
    with given_up(NameTaken), site.work() as work:
        users.create(work, username="bob")
        users.create(work, username="ALICE")
    assert names(site.app) == ["alice"]
    assert rows(site.app, AuditRow) == before


def test_after_a_refusal_the_next_work_begins_afresh(site: GatehouseTester) -> None:
    for name in ("alice", "alice", "bob"):
        try:
            with site.work() as work:
                users.create(work, username=name)
        except NameTaken:
            continue
    assert names(site.app) == ["alice", "bob"]


def test_work_that_asks_nothing_opens_no_transaction(site: GatehouseTester) -> None:
    pool: Any = works_of(site.app).engine.pool
    with site.work() as work:
        assert pool.checkedout() == 0
        work.db.scalar(select(1))
        assert pool.checkedout() == 1
    assert pool.checkedout() == 0


def test_the_time_stands_still_within_one_work(site: GatehouseTester) -> None:
    with site.work() as work:
        site.clock.move(timedelta(hours=1))
        users.create(work, username="alice")
        assert work.now == NOON
    with works_of(site.app).reading() as db:
        assert db.scalars(select(User.created_at)).one() == NOON


# Apart


def test_what_was_done_apart_stays_when_the_work_is_undone(site: GatehouseTester) -> None:
    with given_up(Nothing), site.work() as work:
        with work.apart() as own:
            users.create(own, username="alice")
        users.create(work, username="bob")
        raise Nothing
    assert names(site.app) == ["alice"]


def test_what_fails_apart_undoes_only_itself(site: GatehouseTester) -> None:
    with site.work() as work:
        with given_up(Nothing), work.apart() as own:
            users.create(own, username="alice")
            raise Nothing
        users.create(work, username="bob")
    assert names(site.app) == ["bob"]


def test_work_apart_has_the_same_time_and_origin(site: GatehouseTester) -> None:
    with site.work() as work:
        site.clock.move(timedelta(hours=1))
        with work.apart() as own:
            assert (own.now, own.origin) == (work.now, work.origin)
            assert own.db is not work.db


def test_reading_sees_only_what_is_committed_and_waits_for_nobody(site: GatehouseTester) -> None:
    site.add_user("alice")
    with site.work() as work:
        users.create(work, username="bob")
        with work.reading() as db:
            assert list(db.scalars(select(User.username))) == ["alice"]


# Events


def test_listeners_hear_after_the_commit(site: GatehouseTester) -> None:
    ear = Ear(site.app)
    furnish(site.app, ear)
    with site.work() as work:
        users.create(work, username="alice")
        users.create(work, username="bob")
        assert ear.heard == []
    assert ear.heard == [("users.created", ["alice", "bob"])] * 2
    assert ear.origins[0].channel == "command"


def test_listeners_hear_nothing_of_what_was_undone(site: GatehouseTester) -> None:
    ear = Ear(site.app)
    furnish(site.app, ear)
    with given_up(Nothing), site.work() as work:
        users.create(work, username="alice")
        raise Nothing
    assert ear.heard == []


def test_a_listener_that_fails_undoes_nothing_and_silences_nobody(
    site: GatehouseTester, caplog: pytest.LogCaptureFixture
) -> None:
    ear = Ear(site.app)
    furnish(site.app, BrokenEar(), ear)
    with caplog.at_level(logging.ERROR, "gatehouse"), site.work() as work:
        users.create(work, username="alice")
    assert names(site.app) == ["alice"]
    assert ear.heard == [("users.created", ["alice"])]
    assert "BrokenEar failed to hear of users.created" in caplog.text


def test_what_cannot_be_recorded_does_not_happen(site: GatehouseTester) -> None:
    furnish(site.app, BrokenPen())
    with given_up(Nothing), site.work() as work:
        users.create(work, username="alice")
    assert names(site.app) == []


def test_what_happens_together_is_written_down_at_once_in_its_order(
    site: GatehouseTester,
) -> None:
    alice = site.add_user("alice")
    ear = Ear(site.app)
    furnish(site.app, ear)
    with site.work() as work:
        with work.together():
            work.record(UserSuspended(user_id=alice.id))
            work.record_all(
                [
                    UserCreated(user_id=alice.id, administrator=False),
                    UserSuspended(user_id=alice.id),
                ]
            )
            assert work.told() == ()
        assert len(work.told()) == 3
    happened = ["users.suspended", "users.created", "users.suspended"]
    assert [name for name, _ in ear.heard] == happened
    with works_of(site.app).reading() as db:
        written = db.scalars(select(AuditRow.name).order_by(AuditRow.lane, AuditRow.sequence))
        assert written.all()[-3:] == happened


def test_of_what_was_to_happen_together_nothing_is_written_if_it_fails(
    site: GatehouseTester,
) -> None:
    alice = site.add_user("alice")
    with site.work() as work:
        with given_up(Nothing), work.together():
            work.record(UserSuspended(user_id=alice.id))
            raise Nothing
        work.record(UserCreated(user_id=alice.id, administrator=False))
        assert [event.name for event in work.told()] == ["users.created"]


def test_what_happened_is_a_row_of_the_same_transaction(site: GatehouseTester) -> None:
    alice = site.add_user("alice")
    with site.work() as work:
        work.record(UserSuspended(user_id=alice.id))
        assert [type(event) for event in work.told()] == [UserSuspended]
    with works_of(site.app).reading() as db:
        told = db.scalars(select(AuditRow).where(AuditRow.name == "users.suspended")).one()
    assert (told.user_id, told.outcome, told.channel, told.at) == (
        alice.id,
        "done",
        "command",
        NOON,
    )


# In the session of a host


@dataclass
class Host:
    """An application with rows of its own, joined by ours."""

    app: Flask
    db: SQLAlchemy
    book: Any

    def books(self) -> list[str]:
        with self.app.app_context(), works_of(self.app).reading() as db:
            return sorted(db.scalars(select(self.book.title)))


@pytest.fixture
def host(database_url: str, tmp_path: Path) -> Iterator[Host]:
    app = Flask("host", root_path=str(tmp_path))
    app.config.update(settings_for_tests(tmp_path), SQLALCHEMY_DATABASE_URI=database_url)
    db = SQLAlchemy(app)

    class Book(db.Model):  # type: ignore[name-defined, misc] # Flask-SQLAlchemy makes it at run time
        __tablename__ = "book_of_the_host"
        title = db.Column(db.String(50), primary_key=True)
        owner_id = db.Column(Uuid, ForeignKey(User.id))

    Gatehouse(app, db)
    with app.app_context():
        Book.__table__.create(db.engine)
        yield Host(app, db, Book)
        db.session.remove()
        Book.__table__.drop(db.engine)
        db.engine.dispose()


def test_rows_of_the_host_are_kept_together_with_ours(host: Host) -> None:
    with Gatehouse.unit_of_work() as work:
        assert work.db is host.db.session()
        alice = users.create(work, username="alice")
        host.db.session.add(host.book(title="Emma", owner_id=alice.id))
    assert (names(host.app), host.books()) == (["alice"], ["Emma"])


def test_rows_of_the_host_are_undone_together_with_ours(host: Host) -> None:
    with given_up(Nothing), Gatehouse.unit_of_work() as work:
        host.db.session.add(host.book(title="Emma"))
        users.create(work, username="alice")
        raise Nothing
    host.db.session.commit()
    assert (names(host.app), host.books()) == ([], [])


def test_rows_that_the_host_added_before_come_along(host: Host) -> None:
    host.db.session.add(host.book(title="Emma"))
    with Gatehouse.unit_of_work() as work:
        users.create(work, username="alice")
    host.db.session.rollback()
    assert (names(host.app), host.books()) == (["alice"], ["Emma"])


def test_what_is_done_apart_is_not_part_of_the_hosts_transaction(host: Host) -> None:
    with given_up(Nothing), Gatehouse.unit_of_work() as work:
        with work.apart() as own:
            own.db.add(Counter(digest=b"d" * 32, count=1, expires_at=NOON))
        host.db.session.add(host.book(title="Emma"))
        users.create(work, username="alice")
        raise Nothing
    assert rows(host.app, Counter) == 1
    assert (names(host.app), host.books()) == ([], [])


def test_listeners_hear_when_the_hosts_rows_are_there(host: Host) -> None:
    ear = Ear(host.app)
    furnish(host.app, ear)
    with Gatehouse.unit_of_work() as work:
        users.create(work, username="alice")
        assert ear.heard == []
    assert ear.heard == [("users.created", ["alice"])]


def test_within_the_hosts_own_block_all_is_kept_when_that_ends(host: Host) -> None:
    with host.db.session.begin():
        with Gatehouse.unit_of_work() as work:
            users.create(work, username="alice")
        host.db.session.add(host.book(title="Emma"))
    assert (names(host.app), host.books()) == (["alice"], ["Emma"])


def test_within_the_hosts_own_block_all_is_undone_when_that_raises(host: Host) -> None:
    with given_up(Nothing), host.db.session.begin():
        with Gatehouse.unit_of_work() as work:
            users.create(work, username="alice")
        raise Nothing
    assert (names(host.app), host.books()) == ([], [])


def test_within_the_hosts_own_block_listeners_wait_for_its_commit(host: Host) -> None:
    ear = Ear(host.app)
    furnish(host.app, ear)
    with given_up(Nothing), host.db.session.begin():
        with Gatehouse.unit_of_work() as work:
            users.create(work, username="alice")
        raise Nothing
    assert ear.heard == []
    with host.db.session.begin(), Gatehouse.unit_of_work() as work:
        users.create(work, username="bob")
    assert ear.heard == [("users.created", ["bob"])]


# Several processes on one file

_WRITER = """
import sys
from flask import Flask
from flask_gatehouse import Gatehouse
from flask_gatehouse.features.users import service as users

app = Flask("writer")
app.config.update(
    SECRET_KEY=sys.argv[1], GATEHOUSE_DATABASE_URL=sys.argv[2], GATEHOUSE_HOME=sys.argv[3]
)
Gatehouse(app)
print("ready", flush=True)
sys.stdin.readline()
with app.app_context():
    for n in range(25):
        with Gatehouse.unit_of_work() as work:
            # It reads before it writes: such a transaction cannot wait on its own account.
            assert users.find(work.db, f"{sys.argv[4]}-{n}") is None
            users.create(work, username=f"{sys.argv[4]}-{n}")
"""


def test_four_processes_that_write_to_one_file_wait_for_one_another(
    sqlite_url: str, tmp_path: Path, make_site: Callable[..., Flask]
) -> None:
    key = str(settings_for_tests(tmp_path)["SECRET_KEY"])
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, key, sqlite_url, str(tmp_path), f"writer{n}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    said = [writer.communicate(timeout=100)[1] for writer in writers]
    assert said == [""] * 4
    assert rows(make_site(sqlite_url), User) == 100


def test_what_a_listener_writes_is_work_of_its_own(site: GatehouseTester) -> None:
    works = works_of(site.app)

    class Writer(Listener):
        def hear(self, event: Event, origin: Origin) -> None:
            if isinstance(event, UserCreated) and not event.administrator:
                with works.begin(origin) as work:
                    users.create(work, username="second", admin=True)

    furnish(site.app, Writer())
    with site.work() as work:
        users.create(work, username="first")
    with works.reading() as db:
        assert users.find(db, "second") is not None


def test_a_unit_within_another_is_the_same_one(site: GatehouseTester) -> None:
    works = works_of(site.app)

    def fail_outside() -> None:
        with works.begin(Origin()) as outer:
            with works.begin(Origin()) as inner:
                assert inner is outer
                users.create(inner, username="first")
            raise NameTaken

    with pytest.raises(NameTaken):
        fail_outside()
    with works.reading() as db:
        assert users.find(db, "first") is None
