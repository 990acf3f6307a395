"""What readers may keep, and that nobody ever sees anything old."""

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import update

from flask_gatehouse import Gatehouse, User, current_user, login_required
from flask_gatehouse.db.work import Works
from flask_gatehouse.testing import GatehouseTester, settings_for_tests
from tests.conftest import MakeSite
from tests.tap import tapped


def works_of(app: Flask) -> Works:
    works: Works = app.extensions["gatehouse"].works
    return works


def add_pages(app: Flask) -> None:
    @app.get("/me")
    @login_required
    def me() -> str:
        return str(current_user.username)

    @app.get("/spoil")
    @login_required
    def spoil() -> str:
        current_user.username = "somebody else"
        return "changed and not saved"


def me(client: FlaskClient) -> str:
    page = client.get("/me")
    return page.text if page.status_code == 200 else "nobody"


@pytest.fixture
def here(make_site: MakeSite, database_url: str) -> GatehouseTester:
    app = make_site(database_url)
    add_pages(app)
    return GatehouseTester(app)


@pytest.fixture
def there(here: GatehouseTester, make_site: MakeSite, database_url: str) -> GatehouseTester:
    """Another process of the same site: it shares the database and nothing else."""
    app = make_site(database_url, SECRET_KEY=here.app.config["SECRET_KEY"])
    add_pages(app)
    return GatehouseTester(app)


def moved(client: FlaskClient, tester: GatehouseTester) -> FlaskClient:
    """The same browser, answered by another process."""
    other = tester.client()
    cookie = client.get_cookie("gatehouse")
    assert cookie is not None
    other.set_cookie("gatehouse", cookie.value)
    return other


def test_what_another_process_ends_is_over_with_the_next_request(
    here: GatehouseTester, there: GatehouseTester
) -> None:
    user = here.add_user()
    client = here.client(user)
    for _ in range(5):
        assert me(client) == "alice"
    elsewhere = moved(client, there)
    assert me(elsewhere) == "alice"
    page = elsewhere.get("/account/")
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    assert elsewhere.post("/logout/", data={"csrf_token": token}).status_code == 303
    assert me(client) == "nobody"


@pytest.mark.parametrize("change", [{"active": False}, {"epoch": User.epoch + 1}])
def test_what_another_process_takes_away_is_gone_with_the_next_request(
    here: GatehouseTester, there: GatehouseTester, change: dict[str, object]
) -> None:
    client = here.client(here.add_user())
    assert [me(client) for _ in range(3)] == ["alice"] * 3
    with there.work() as work:
        work.db.execute(update(User).values(**change))
    assert me(client) == "nobody"


def test_a_new_name_is_seen_by_all_with_the_next_request(
    here: GatehouseTester, there: GatehouseTester
) -> None:
    client = here.client(here.add_user())
    elsewhere = moved(client, there)
    assert me(client) == me(elsewhere) == "alice"
    with there.work() as work:
        work.db.execute(update(User).values(username="alicia"))
    assert me(client) == me(elsewhere) == "alicia"


def test_what_a_view_does_to_its_user_stays_in_its_request(here: GatehouseTester) -> None:
    client = here.client(here.add_user())
    assert me(client) == "alice"
    assert client.get("/spoil").status_code == 200
    assert me(client) == "alice"


def test_a_file_that_did_not_change_is_not_read_again(make_site: MakeSite, sqlite_url: str) -> None:
    app = make_site(sqlite_url)
    add_pages(app)
    tester = GatehouseTester(app)
    client = tester.client(tester.add_user())
    asked: list[str] = []
    with tapped(works_of(app).engine, asked.append):
        assert me(client) == "alice"
        asked.clear()
        assert [me(client) for _ in range(3)] == ["alice"] * 3
        assert asked == ["PRAGMA data_version"] * 3
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as other, other:
            other.execute("UPDATE gatehouse_user SET username = 'alicia'")
        asked.clear()
        assert me(client) == "alicia"
        assert len([each for each in asked if each.startswith("SELECT")]) == 1


def test_a_server_is_asked_each_time(here: GatehouseTester) -> None:
    if works_of(here.app).engine.dialect.name == "sqlite":
        return
    client = here.client(here.add_user())
    asked: list[str] = []
    with tapped(works_of(here.app).engine, asked.append):
        assert me(client) == "alice"
        asked.clear()
        assert [me(client) for _ in range(3)] == ["alice"] * 3
    assert len([each for each in asked if "gatehouse_session" in each]) == 3
    assert len(asked) == 3


def test_more_requests_at_once_than_there_are_readers_are_all_answered(
    here: GatehouseTester,
) -> None:
    people = {name: here.client(here.add_user(name)) for name in ("alice", "bob", "carol")}
    together = threading.Barrier(12)
    seen: list[tuple[str, str]] = []

    def ask(name: str, client: FlaskClient) -> None:
        mine = moved(client, here)
        together.wait()
        seen.extend((name, me(mine)) for _ in range(10))

    threads = [
        threading.Thread(target=ask, args=(name, client))
        for name, client in people.items()
        for _ in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(seen) == 120
    assert all(name == who for name, who in seen)


def test_a_process_that_was_forked_opens_readers_of_its_own(here: GatehouseTester) -> None:
    client = here.client(here.add_user())
    assert me(client) == "alice"
    with here.app.app_context():
        # As a server does that forks after it has loaded everything.
        works_of(current_app).engine.dispose(close=False)
    child = os.fork()
    if child == 0:
        # Never back into the test run, whatever happens here.
        try:
            os._exit(0 if me(client) == "alice" else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert me(client) == "alice"


def test_a_file_in_whose_pool_nothing_stays_open_is_read_all_the_same(tmp_path: Path) -> None:
    app = Flask(__name__)
    app.config.from_mapping(settings_for_tests(tmp_path))
    Gatehouse(app)
    add_pages(app)
    tester = GatehouseTester(app)
    client = tester.client(tester.add_user())
    assert me(client) == "alice"
    works_of(app).engine.dispose()
    assert me(client) == "alice"
    works_of(app).engine.dispose()
