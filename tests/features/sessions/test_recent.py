"""The bound in seconds that an owner may allow safe pages; without it there is none."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from flask_gatehouse import (
    Misconfigured,
    User,
    current_user,
    fresh_login_required,
    login_fresh,
    login_required,
)
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.conftest import MakeSite


@login_required
def notes() -> str:
    return str(current_user.username)


@pytest.fixture
def bounded(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """A site that may believe for ten seconds, with pages of a host."""
    app = make_site(database_url, GATEHOUSE_SESSIONS_CACHE_FOR="10s")

    app.add_url_rule("/notes", view_func=notes, methods=["GET", "POST"])

    @app.get("/safe")
    @fresh_login_required(within=timedelta(minutes=1))
    def safe() -> str:
        return str(current_user.username)

    @app.get("/bare")
    @login_required
    def bare() -> str:
        return "fresh" if login_fresh() else "not fresh"

    return GatehouseTester(app)


def behind_its_back(tester: GatehouseTester) -> None:
    """End every session as another process would: this one is told nothing."""
    with tester.work() as work:
        work.db.execute(delete(Session))


def is_in(client: FlaskClient, path: str = "/notes", *, method: str = "GET") -> bool:
    return client.open(path, method=method).status_code == 200


def test_a_page_that_only_shows_believes_until_the_bound_is_over(
    bounded: GatehouseTester,
) -> None:
    client = bounded.client(bounded.add_user())
    assert is_in(client)
    behind_its_back(bounded)
    bounded.clock.move(timedelta(seconds=9))
    assert is_in(client)
    bounded.clock.move(timedelta(seconds=1))
    assert not is_in(client)


def test_a_form_has_the_truth(bounded: GatehouseTester) -> None:
    client = bounded.client(bounded.add_user())
    assert is_in(client)
    assert is_in(client, method="POST")
    behind_its_back(bounded)
    assert not is_in(client, method="POST")


@pytest.mark.parametrize("path", ["/account/", "/account/devices/", "/admin/"])
def test_our_own_pages_have_the_truth(bounded: GatehouseTester, path: str) -> None:
    client = bounded.client(bounded.add_user(admin=True))
    assert is_in(client)
    assert is_in(client, path)
    behind_its_back(bounded)
    assert not is_in(client, path)


def test_a_page_that_asks_for_a_proof_has_the_truth(bounded: GatehouseTester) -> None:
    client = bounded.client(bounded.add_user())
    assert is_in(client)
    assert is_in(client, "/safe")
    behind_its_back(bounded)
    assert not is_in(client, "/safe")


def test_whether_a_proof_is_fresh_is_always_the_truth(bounded: GatehouseTester) -> None:
    client = bounded.client(bounded.add_user())
    assert client.get("/bare").text == "fresh"
    behind_its_back(bounded)
    assert client.get("/bare").text == "not fresh"


def test_what_this_process_ends_is_over_at_once(bounded: GatehouseTester) -> None:
    user = bounded.add_user()
    client, other = bounded.client(user), bounded.client(user)
    assert is_in(client)
    assert is_in(other)
    forms.send(other, "/logout/")
    assert not is_in(other)
    assert is_in(client)


def test_a_suspension_by_this_process_is_seen_at_once(bounded: GatehouseTester) -> None:
    client = bounded.client(bounded.add_user())
    assert is_in(client)
    done = bounded.app.test_cli_runner().invoke(args=["gatehouse", "users", "suspend", "alice"])
    assert done.exit_code == 0, done.output
    assert not is_in(client)


def test_limits_of_time_hold_within_the_bound(make_site: MakeSite, sqlite_url: str) -> None:
    app = make_site(
        sqlite_url,
        GATEHOUSE_SESSIONS_CACHE_FOR="30s",
        GATEHOUSE_SESSIONS_IDLE_LIMIT="1m",
    )
    app.add_url_rule("/notes", view_func=notes)
    tester = GatehouseTester(app)
    client = tester.client(tester.add_user())
    tester.clock.move(timedelta(seconds=30))
    assert is_in(client)
    tester.clock.move(timedelta(seconds=59))
    assert is_in(client)
    tester.clock.move(timedelta(seconds=61))
    assert not is_in(client)


def test_a_clock_that_is_set_back_makes_nothing_last_longer(bounded: GatehouseTester) -> None:
    client = bounded.client(bounded.add_user())
    assert is_in(client)
    behind_its_back(bounded)
    bounded.clock.move(timedelta(hours=-1))
    assert not is_in(client)


def test_without_the_setting_nothing_is_believed(make_site: MakeSite, database_url: str) -> None:
    app = make_site(database_url)
    app.add_url_rule("/notes", view_func=notes)
    tester = GatehouseTester(app)
    client = tester.client(tester.add_user())
    assert is_in(client)
    with tester.work() as work:
        work.db.execute(update(User).values(active=False))
    assert not is_in(client)


def test_nobody_may_believe_for_more_than_a_minute(make_site: MakeSite, sqlite_url: str) -> None:
    with pytest.raises(Misconfigured, match="GATEHOUSE_SESSIONS_CACHE_FOR"):
        make_site(sqlite_url, GATEHOUSE_SESSIONS_CACHE_FOR="61s")


def test_a_bound_that_would_sign_out_who_is_there_stops_the_start(
    make_site: MakeSite, sqlite_url: str
) -> None:
    short = {"GATEHOUSE_SESSIONS_IDLE_LIMIT": "1m"}
    make_site(sqlite_url, GATEHOUSE_SESSIONS_CACHE_FOR="30s", **short)
    with pytest.raises(Misconfigured, match="GATEHOUSE_SESSIONS_CACHE_FOR is 31s"):
        make_site(sqlite_url, GATEHOUSE_SESSIONS_CACHE_FOR="31s", **short)


def test_who_is_there_all_the_time_stays_with_the_longest_bound(
    make_site: MakeSite, sqlite_url: str
) -> None:
    app = make_site(
        sqlite_url, GATEHOUSE_SESSIONS_CACHE_FOR="30s", GATEHOUSE_SESSIONS_IDLE_LIMIT="1m"
    )
    app.add_url_rule("/notes", view_func=notes)
    tester = GatehouseTester(app)
    client = tester.client(tester.add_user())
    for _ in range(100):
        tester.clock.move(timedelta(seconds=5))
        assert is_in(client)
