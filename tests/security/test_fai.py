"""When something is broken nobody is let in, and it mends itself."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Self

import pytest
from sqlalchemy import event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.drills.line import Line
from tests.security.walk import (
    REMEMBER,
    SESSION,
    UNLIMITED,
    engine_of,
    invitation_for,
    rows,
    set_cookies,
    who,
)
from tests.tap import gone, tapped


@pytest.fixture
def line(database_url: str) -> Iterator[Line]:
    url = make_url(database_url)
    assert url.host is not None
    made = Line(url.host, url.port or {"postgresql": 5432}.get(url.get_backend_name(), 3306))
    yield made
    made.cut()


@pytest.fixture(params=["postgres", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database on each kind of server in turn."""
    from tests.conftest import _empty  # noqa: PLC0415 - as the fixture of this name does

    url: str = request.getfixturevalue(f"{request.param}_server")
    _empty(url)
    return url


@pytest.fixture
def wired(make_site: MakeSite, database_url: str, line: Line) -> GatehouseTester:
    """The site whose database is reached by the wire alone."""
    url = make_url(database_url).set(host="127.0.0.1", port=line.port)
    return GatehouseTester(make_site(url.render_as_string(hide_password=False), **UNLIMITED))


def test_fai_01_without_a_database_nobody_comes_in_and_it_mends_itself(
    wired: GatehouseTester, line: Line
) -> None:
    user = wired.add_user("alice", admin=True)
    client = wired.client()
    forms.sign_in(client, remember="y")
    stranger = wired.client()
    token = forms.token(stranger.get("/login/"))
    path = invitation_for(wired, wired.add_user("bob", password=None))
    invited = wired.client()
    invited.get(path)

    line.cut()

    for page_path in ("/admin/", "/account/", "/admin/people/", "/", "/login/"):
        page = client.get(page_path)
        assert page.status_code == 503, page_path
        assert int(page.headers["Retry-After"]) > 0
        assert "alice" not in page.text
        assert "Traceback" not in page.text
        assert "psycopg" not in page.text.lower()
        assert "5432" not in page.text
        assert {SESSION, REMEMBER}.isdisjoint(set_cookies(page))
    data = {"csrf_token": token, "username": "alice", "password": "seven quiet herons"}
    page = stranger.post("/login/", data=data)
    assert page.status_code == 503
    assert "Retry-After" in page.headers
    assert SESSION not in set_cookies(page)
    assert invited.get("/invitation/").status_code == 503
    assert wired.client().get("/setup/" + "A" * 43 + "/").status_code == 503
    # What asks nobody still answers.
    assert wired.client().get("/").status_code == 200
    assert wired.client().get("/login/").status_code == 200
    assert wired.client().get("/admin/").status_code == 302
    assert wired.client().get("/healthz").status_code == 503
    assert wired.client().get("/gatehouse/static/mark.svg", buffered=True).status_code == 200

    line.mend()

    assert who(client) == "alice"
    assert wired.client().get("/healthz").status_code == 200
    assert stranger.post("/login/", data=data).status_code == 303
    assert invited.get("/invitation/").status_code == 200
    assert user.username == "alice"


# On PostgreSQL the drills play the same with the site's processes.
@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
def test_fai_01_a_database_that_swallows_everything_is_given_up(
    wired: GatehouseTester, line: Line
) -> None:
    client = wired.client(wired.add_user("alice"))
    assert who(client) == "alice"
    line.block()
    page = client.get("/account/")
    assert page.status_code == 503
    assert "Retry-After" in page.headers
    assert SESSION not in set_cookies(page)
    line.mend()
    assert who(client) == "alice"


def test_fai_01_logging_out_without_a_database_does_not_pretend(
    wired: GatehouseTester, line: Line
) -> None:
    wired.add_user("alice")
    client = wired.client()
    forms.sign_in(client, remember="y")
    token = forms.token(client.get("/account/"))
    line.cut()
    page = client.post("/logout/", data={"csrf_token": token})
    assert page.status_code == 503
    assert "You have been logged out" not in page.text
    assert SESSION not in set_cookies(page)
    line.mend()
    assert who(client) == "alice"
    assert client.post("/logout/", data={"csrf_token": token}).status_code == 303
    assert who(client) == "nobody"


class Faults:
    """Lets the database go away before one statement, by its number, or before that and all others.

    One question is asked once more by another way, so that alone it would not be missed.
    """

    def __init__(self, tester: GatehouseTester, *, for_good: bool = False) -> None:
        self._engine = engine_of(tester.app)
        self._for_good = for_good
        self.seen = 0
        self.fails_at = 0

    def __enter__(self) -> Self:
        self._tap = tapped(self._engine, self._before)
        self._tap.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._tap.__exit__(None, None, None)

    def _before(self, statement: str) -> None:
        if statement.startswith(("PRAGMA", "SELECT @@", "SET ")) or _is_by_chance(statement):
            return
        self.seen += 1
        if self.seen == self.fails_at or (self._for_good and 0 < self.fails_at < self.seen):
            raise gone(self._engine)

    def arm(self, number: int) -> None:
        self.seen, self.fails_at = 0, number


def _is_by_chance(statement: str) -> bool:
    """Whether only some requests send it, and do well without its answer.

    The pool asks a connection that rested, and takes another one if that fails; and one counter in
    32 has old ones swept, which wait for the next sweep if it fails.
    """
    looks = "SELECT gatehouse_throttle.digest" in statement and "LIMIT" in statement
    return statement == ";" or looks or statement.startswith("DELETE FROM gatehouse_throttle")


def test_fai_01_whichever_statement_of_a_sign_in_fails_nobody_is_signed_in(
    make_site: MakeSite, database_url: str
) -> None:
    tester = GatehouseTester(make_site(database_url, **UNLIMITED))
    tester.add_user("alice")
    outcomes = []
    with Faults(tester) as faults:
        for number in range(1, 60):
            client = tester.client()
            token = forms.token(client.get("/login/"))
            data = {"csrf_token": token, "username": "alice", "password": "seven quiet herons"}
            before = len(rows(tester, Session))
            faults.arm(number)
            page = client.post("/login/", data={**data, "remember": "y"})
            reached = faults.seen >= number
            faults.arm(0)
            if not reached:
                break
            outcomes.append(page.status_code)
            assert page.status_code == 503, number
            assert {SESSION, REMEMBER}.isdisjoint(set_cookies(page)), number
            assert who(client) == "nobody", number
            assert len(rows(tester, Session)) == before, number
    assert len(outcomes) > 5
    assert page.status_code == 303


@pytest.mark.parametrize("path", ["/account/", "/admin/", "/admin/people/"])
def test_fai_01_whichever_statement_of_a_page_fails_nothing_is_shown(
    make_site: MakeSite, database_url: str, path: str
) -> None:
    tester = GatehouseTester(make_site(database_url, **UNLIMITED))
    client = tester.client(tester.add_user("chief", admin=True))
    reached = 0
    with Faults(tester, for_good=True) as faults:
        for number in range(1, 20):
            faults.arm(number)
            page = client.get(path)
            seen = faults.seen
            faults.arm(0)
            if seen < number:
                break
            reached += 1
            assert page.status_code == 503, number
            assert "chief" not in page.text
    assert reached >= 1
    assert client.get(path).status_code == 200


class FullDisk:
    """Lets the SQLite file grow no further."""

    def __init__(self, tester: GatehouseTester) -> None:
        self._engine = engine_of(tester.app)
        self._full = True
        event.listen(self._engine, "checkout", self._limit)

    def _limit(
        self, connection: DBAPIConnection, entry: ConnectionPoolEntry, proxy: object
    ) -> None:
        del entry, proxy
        cursor = connection.cursor()
        pages = 1 if self._full else 2_000_000
        # SQLite never goes below what is there.
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        cursor.close()

    def mend(self) -> None:
        self._full = False


def test_fai_01_a_full_disk_signs_nobody_in_and_loses_nothing_that_was_answered(
    patient: GatehouseTester,
) -> None:
    user = patient.add_user("alice")
    inside = [patient.client(user)]
    disk = FullDisk(patient)
    answers = []
    for _ in range(80):
        patient.clock.move(timedelta(seconds=1))
        client = patient.client()
        page = forms.sign_in(client)
        answers.append(page.status_code)
        if page.status_code == 303:
            inside.append(client)
            continue
        assert page.status_code == 503
        assert "Retry-After" in page.headers
        assert "Traceback" not in page.text
        assert "disk" not in page.text
        assert SESSION not in set_cookies(page)
        assert who(client) == "nobody"
    assert 503 in answers
    # Twenty sign-ins of one account are kept at most, the newest of them.
    for client in inside[-10:]:
        assert who(client) == "alice"

    disk.mend()
    client = patient.client()
    assert forms.sign_in(client).status_code == 303
    assert who(client) == "alice"


def test_fai_03_of_many_at_once_one_uses_an_invitation(
    make_site: MakeSite, every_database_url: str
) -> None:
    tester = GatehouseTester(make_site(every_database_url, **UNLIMITED))
    path = invitation_for(tester, tester.add_user("alice", password=None))
    ready = []
    for number in range(8):
        client = tester.client()
        client.get(path)
        token = forms.token(client.get("/invitation/"))
        ready.append((client, token, f"password number {number} of eight"))
    start = threading.Barrier(len(ready))
    statuses: dict[str, int] = {}

    def send(client: Any, token: str, password: str) -> None:
        start.wait()
        page = client.post("/invitation/", data={"csrf_token": token, "password": password})
        statuses[password] = page.status_code

    threads = [threading.Thread(target=send, args=one) for one in ready]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [password for password, status in statuses.items() if status == 303]
    assert len(won) == 1
    assert set(statuses.values()) <= {303, 409, 503}
    assert forms.sign_in(tester.client(), "alice", won[0]).status_code == 303


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def every_database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of each kind in turn."""
    from tests.conftest import _empty  # noqa: PLC0415 - as the fixture of this name does

    if request.param == "sqlite":
        found: str = request.getfixturevalue("sqlite_url")
        return found
    url: str = request.getfixturevalue(f"{request.param}_server")
    _empty(url)
    return url


def test_fai_03_of_many_at_once_one_takes_a_name(
    make_site: MakeSite, every_database_url: str
) -> None:
    tester = GatehouseTester(make_site(every_database_url, **UNLIMITED))
    start = threading.Barrier(6)
    codes: list[int] = []

    def create(spelling: str) -> None:
        runner = tester.app.test_cli_runner()
        start.wait()
        args = ["gatehouse", "users", "create", spelling, "--invite"]
        codes.append(runner.invoke(args=args).exit_code)

    spellings = ("alice", "ALICE", "Alice", "alicE", "\uff41lice", "aLice")
    threads = [threading.Thread(target=create, args=(spelling,)) for spelling in spellings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0, 1, 1, 1, 1, 1]
