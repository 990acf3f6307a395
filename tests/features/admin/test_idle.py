"""Whoever leaves the desk is asked again who they are, whatever page is opened first."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_gatehouse import fresh_login_required
from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.testing import GatehouseTester
from tests.features.admin.test_entrance import in_console, numbers, prove
from tests.features.viewing.stories import END, at_work, helper, look
from tests.forms import token
from tests.security.walk import who

MakeSite = Callable[..., Flask]

#: How much too early somebody may be asked: what is written down of a use is so old.
OF_ADMINISTRATORS = timedelta(seconds=90)
OF_OTHERS = timedelta(minutes=10, seconds=30)


def wait(site: GatehouseTester, client: FlaskClient, *, minutes: int, path: str) -> None:
    """Ask for a page each minute."""
    for _ in range(minutes):
        site.clock.move(timedelta(minutes=1))
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("first", ["/admin/people/", "/account/", "/"])
@pytest.mark.parametrize("admin", [True, False])
def test_asvs_7_3_1_after_half_an_hour_without_a_request_the_console_asks_again(
    site: GatehouseTester, *, admin: bool, first: str
) -> None:
    client = at_work(site, helper(site, admin=admin))
    site.clock.move(timedelta(minutes=30))
    # No other page opened before hides that nobody was there.
    client.get(first)
    site.clock.move(timedelta(minutes=1))
    client.get(first)
    assert (in_console(client), numbers(client)) == ("/confirm/", False)
    assert who(client) == "helper"
    prove(client)
    wait(site, client, minutes=3, path="/admin/people/")


@pytest.mark.parametrize(("admin", "early"), [(True, OF_ADMINISTRATORS), (False, OF_OTHERS)])
def test_whoever_is_there_is_asked_nothing_and_nobody_is_asked_much_too_early(
    site: GatehouseTester, *, admin: bool, early: timedelta
) -> None:
    client = at_work(site, helper(site, admin=admin))
    wait(site, client, minutes=45, path="/account/")
    site.clock.move(timedelta(minutes=30) - early)
    assert in_console(client) == "200"
    wait(site, client, minutes=45, path="/admin/people/")


def test_whoever_is_there_is_asked_nothing_in_sessions_that_last_for_days(
    make_site: MakeSite, sqlite_url: str
) -> None:
    long = {"GATEHOUSE_SESSIONS_IDLE_LIMIT": "24h", "GATEHOUSE_SESSIONS_ABSOLUTE_LIMIT": "10d"}
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_ADMIN_IDLE="15m", **long))
    client = at_work(site, helper(site))
    wait(site, client, minutes=60, path="/account/")
    assert in_console(client) == "200"


@pytest.mark.parametrize(("admin", "answer"), [(True, "/confirm/"), (False, "200")])
def test_their_proof_is_worth_nothing_on_other_pages_either_and_that_of_others_is(
    site: GatehouseTester, *, admin: bool, answer: str
) -> None:
    site.app.add_url_rule("/once/", "once", fresh_login_required(once))
    client = site.client(site.add_user("alice", admin=admin))
    site.clock.move(timedelta(minutes=50))
    assert in_console(client, "/once/") == answer


def once() -> str:
    """Be a view of the host."""
    return "proven in this session"


def test_it_can_be_switched_off(make_site: MakeSite, database_url: str) -> None:
    site = GatehouseTester(make_site(database_url, GATEHOUSE_ADMIN_IDLE="none"))
    client = at_work(site, helper(site, admin=True))
    site.clock.move(timedelta(minutes=55))
    assert in_console(client) == "200"


def test_the_start_refuses_less_than_what_is_written_down(
    make_site: MakeSite, sqlite_url: str
) -> None:
    with pytest.raises(Misconfigured, match="GATEHOUSE_ADMIN_IDLE"):
        make_site(sqlite_url, GATEHOUSE_ADMIN_IDLE="14m")


@pytest.mark.parametrize(("minutes", "then"), [(4, "200"), (45, "/confirm/")])
def test_adm_07_a_view_that_nobody_used_leads_back_to_a_session_that_proves_nothing(
    site: GatehouseTester, minutes: int, then: str
) -> None:
    alice = site.add_user("alice")
    client = at_work(site, helper(site, admin=True))
    look(client, alice)
    site.clock.move(timedelta(minutes=minutes))
    page = client.get("/account/" if minutes == 4 else "/login/")
    client.post(END, data={"csrf_token": token(page)})
    assert who(client) == "helper"
    assert in_console(client) == then
