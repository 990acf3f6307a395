"""When a session was in use: collected by a process that does upkeep, and written for many."""

import os
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from flask_gatehouse.db.upkeep import Upkeep
from flask_gatehouse.features.sessions import finding
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.sessions.last_seen import LastSeen, Use
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.testing import NOON, GatehouseTester
from tests.forms import cookie, send

MakeSite = Callable[..., Any]


def state_of(site: GatehouseTester) -> Any:
    return site.app.extensions["gatehouse"]


def last_seen(site: GatehouseTester) -> LastSeen:
    found: LastSeen = state_of(site).house.part(LastSeen)
    return found


def flush(site: GatehouseTester) -> None:
    last_seen(site).do(state_of(site).works)


def seen(site: GatehouseTester) -> list[datetime]:
    with site.work() as work:
        return sorted(work.db.scalars(select(Session.last_seen_at)))


def until(what: Callable[[], bool]) -> None:
    while not what():
        threading.Event().wait(0.01)


def visit(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200


@pytest.fixture
def serving(site: GatehouseTester) -> Iterator[GatehouseTester]:
    """The site in a process that does its upkeep, on each kind of database in turn."""
    state = state_of(site)
    upkeep = state.house.part(Upkeep).start(state.works, inside=site.app.app_context)
    yield site
    upkeep.stop()


def test_a_use_is_written_later_and_for_many_at_once(serving: GatehouseTester) -> None:
    clients = [serving.client(serving.add_user(f"person{n}")) for n in range(5)]
    serving.clock.move(timedelta(minutes=20))
    written: list[str] = []
    engine = state_of(serving).works.engine

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("UPDATE gatehouse_session"):
            written.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    assert all(visit(client) for client in clients for _ in range(3))
    assert (written, last_seen(serving).waiting, seen(serving)) == ([], 5, [NOON] * 5)
    flush(serving)
    assert (len(written), last_seen(serving).waiting) == (1, 0)
    assert seen(serving) == [NOON + timedelta(minutes=20)] * 5
    event.remove(engine, "before_cursor_execute", note)


def test_what_was_written_keeps_the_session_alive(serving: GatehouseTester) -> None:
    client = serving.client(serving.add_user())
    for _ in range(3):
        serving.clock.move(timedelta(minutes=50))
        assert visit(client)
        flush(serving)
    assert visit(client)


def test_without_upkeep_the_request_writes_by_itself(site: GatehouseTester) -> None:
    client = site.client(site.add_user())
    site.clock.move(timedelta(minutes=20))
    assert visit(client)
    assert (seen(site), last_seen(site).waiting) == ([NOON + timedelta(minutes=20)], 0)


def test_a_session_that_would_be_over_meanwhile_is_not_kept_waiting(
    serving: GatehouseTester,
) -> None:
    client = serving.client(serving.add_user())
    serving.clock.move(timedelta(minutes=59, seconds=30))
    assert visit(client)
    assert last_seen(serving).waiting == 0
    serving.clock.move(timedelta(minutes=59))
    assert visit(client)


def test_a_session_is_written_every_ten_minutes_and_an_administrators_every_minute(
    site: GatehouseTester,
) -> None:
    member = site.client(site.add_user("member"))
    for _ in range(9):
        site.clock.move(timedelta(minutes=1))
        visit(member)
    assert seen(site) == [NOON]
    site.clock.move(timedelta(minutes=1))
    visit(member)
    assert seen(site) == [NOON + timedelta(minutes=10)]

    chief = site.client(site.add_user("chief", admin=True))
    site.clock.move(timedelta(minutes=1))
    visit(chief)
    assert seen(site)[1] == NOON + timedelta(minutes=11)


def test_ses_02_what_was_ended_meanwhile_is_not_revived(serving: GatehouseTester) -> None:
    alice = serving.add_user()
    client = serving.client(alice)
    handle = cookie(client)
    serving.clock.move(timedelta(minutes=50))
    assert visit(client)
    assert last_seen(serving).waiting == 1
    send(client, "/logout/")

    flush(serving)

    assert seen(serving) == []
    assert finding.Finder(state_of(serving).works).find(handle) is None


def test_ses_13_what_was_over_meanwhile_is_not_revived(serving: GatehouseTester) -> None:
    client = serving.client(serving.add_user())
    serving.clock.move(timedelta(minutes=50))
    assert visit(client)
    serving.clock.move(timedelta(minutes=10))
    assert not visit(client)

    flush(serving)

    assert not visit(client)
    assert seen(serving) == [NOON]


def test_an_older_use_does_not_turn_the_clock_back(serving: GatehouseTester) -> None:
    client = serving.client(serving.add_user())
    works = state_of(serving).works
    standing = finding.Finder(works).find(cookie(client))
    assert standing is not None
    later = NOON + timedelta(minutes=50)
    serving.clock.move(timedelta(minutes=50))
    last_seen(serving).take(Use(standing.digest, later, later + timedelta(hours=1)))
    flush(serving)
    last_seen(serving).take(Use(standing.digest, NOON, NOON + timedelta(hours=1)))
    flush(serving)
    assert seen(serving) == [later]


@pytest.mark.parametrize("database_url", ["postgres", "mariadb"], indirect=True)
def test_writing_waits_for_nobody_who_is_ending_a_session(serving: GatehouseTester) -> None:
    alice, bob = serving.add_user("alice"), serving.add_user("bob")
    clients = [serving.client(alice), serving.client(alice), serving.client(bob)]
    serving.clock.move(timedelta(minutes=20))
    assert all(visit(client) for client in clients)
    with serving.work() as ending:
        sessions.end_all(ending, user_id=alice.id)
        writing = threading.Thread(target=lambda: flush(serving))
        writing.start()
        writing.join(timeout=30)
        assert not writing.is_alive()
    assert seen(serving) == [NOON + timedelta(minutes=20)]


def test_what_could_not_be_written_is_written_at_the_next_turn(
    serving: GatehouseTester, database_url: str
) -> None:
    client = serving.client(serving.add_user())
    serving.clock.move(timedelta(minutes=20))
    assert visit(client)
    engine = state_of(serving).works.engine

    def refuse(*_: Any) -> None:
        raise ConnectionError

    event.listen(engine, "before_cursor_execute", refuse)
    with pytest.raises(ConnectionError):
        flush(serving)
    event.remove(engine, "before_cursor_execute", refuse)
    assert (last_seen(serving).waiting, seen(serving)) == (1, [NOON])
    flush(serving)
    assert seen(serving) == [NOON + timedelta(minutes=20)]


def test_the_memory_is_bounded_and_the_request_writes_what_does_not_fit(
    tester: GatehouseTester,
) -> None:
    state = state_of(tester)
    small = LastSeen(state.house, most=2)
    assert not small.take(Use(b"0", NOON, NOON)), "nobody would write it"
    upkeep = state.house.part(Upkeep).start(state.works, inside=tester.app.app_context)
    try:
        assert [small.take(Use(bytes([n % 2]), NOON, NOON)) for n in range(4)] == [True] * 4
        assert not small.take(Use(b"another", NOON, NOON)), "the request has to write it"
        until(lambda: small.waiting == 0)
        assert small.take(Use(b"another", NOON, NOON))
    finally:
        upkeep.stop()


def test_the_end_of_a_process_writes_what_waits(serving: GatehouseTester) -> None:
    client = serving.client(serving.add_user())
    serving.clock.move(timedelta(minutes=20))
    assert visit(client)
    state_of(serving).house.part(Upkeep).stop()
    assert seen(serving) == [NOON + timedelta(minutes=20)]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_writes_by_itself_until_it_has_its_own_upkeep(
    tester: GatehouseTester,
) -> None:
    state = state_of(tester)
    upkeep = state.house.part(Upkeep).start(state.works, inside=tester.app.app_context)
    child = os.fork()
    if child == 0:
        # Whatever happens, the child ends here: it must not go on with the parent's tests.
        alone = False
        try:
            alone = not upkeep.running and not last_seen(tester).take(Use(b"0", NOON, NOON))
        finally:
            os._exit(0 if alone else 1)
    _, status = os.waitpid(child, 0)
    upkeep.stop()
    assert os.waitstatus_to_exitcode(status) == 0
