"""The list of one's own devices, as a person sees and uses it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from flask_gatehouse import User
from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.forms import cookie, send, sign_in, token

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LIST = "/account/devices/"


@pytest.fixture
def alice(site: GatehouseTester) -> User:
    return site.add_user("alice")


def browser(site: GatehouseTester, name: str = "alice", **fields: Any) -> FlaskClient:
    """Sign in through the form, in a browser of its own."""
    client = site.client()
    assert sign_in(client, name, **fields).status_code == 303
    return client


def titles(client: FlaskClient) -> list[str]:
    return re.findall(r"<h2[^>]*>([^<]*)</h2>", client.get(LIST).text)


def ids(client: FlaskClient) -> list[str]:
    return re.findall(rf"{LIST}([\w-]{{22}})/name/", client.get(LIST).text)


def press(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form of the list."""
    return client.post(path, data={"csrf_token": token(client.get(LIST)), "next": LIST, **fields})


def is_in(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200


def recorded(site: GatehouseTester, name: str) -> list[AuditRow]:
    with site.work() as work:
        return list(work.db.scalars(select(AuditRow).where(AuditRow.name == name)))


def all_rows(site: GatehouseTester) -> list[Session]:
    with site.work() as work:
        return list(work.db.scalars(select(Session)))


def test_each_sign_in_is_one_device_and_this_one_stands_first(
    site: GatehouseTester, alice: User
) -> None:
    here = site.client()
    here.environ_base["HTTP_USER_AGENT"] = FIREFOX
    here.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    sign_in(here, "alice", remember="y")
    site.clock.move(timedelta(minutes=7))
    browser(site)
    browser(site)

    page = here.get(LIST).text
    assert len(ids(here)) == 3
    first, *others = page.split("<article")[1:]
    assert "Firefox on Linux" in first
    assert "192.0.2.7" in first
    assert "This one" in first
    assert "Remembered" in first
    assert "15 June 2026, 12:00 UTC" in first
    assert "<dd>Password</dd>" in first
    assert all("This one" not in each and "Remembered" not in each for each in others)
    assert all("12:07 UTC" in each for each in others)


def test_the_list_is_one_s_own(site: GatehouseTester, alice: User) -> None:
    site.add_user("bob")
    bob = browser(site, "bob")
    assert ids(browser(site)) != ids(bob)
    assert len(ids(bob)) == 1


def test_the_account_page_leads_to_the_list(site: GatehouseTester, alice: User) -> None:
    assert f'href="{LIST}"' in browser(site).get("/account/").text


def test_what_is_over_is_no_device_any_more(site: GatehouseTester, alice: User) -> None:
    browser(site)
    site.clock.move(timedelta(hours=2))
    assert len(ids(browser(site))) == 1


def test_a_session_of_another_epoch_is_no_device_any_more(
    site: GatehouseTester, alice: User
) -> None:
    browser(site)
    with site.work() as work:
        work.db.execute(update(Session).values(epoch=0))
    assert len(ids(browser(site))) == 1


def test_a_remembered_browser_that_comes_back_is_the_same_device(
    site: GatehouseTester, alice: User
) -> None:
    client = browser(site, remember="y")
    before = ids(client)
    client.delete_cookie("gatehouse")
    assert ids(client) == before
    assert "This one" in client.get(LIST).text
    assert send(client, "/confirm/", password=PASSWORD).status_code == 303
    assert ids(client) == before


def test_one_is_ended_with_what_was_opened_beside_it(site: GatehouseTester, alice: User) -> None:
    here, there = browser(site), browser(site, remember="y")
    (gone,) = ids(there)[:1]
    answer = press(here, f"{LIST}{gone}/end/")
    assert (answer.status_code, answer.location) == (303, LIST)
    assert "That device is signed out." in here.get(LIST).text
    assert not is_in(there)
    there.delete_cookie("gatehouse")
    assert not is_in(there)
    assert is_in(here)
    (told,) = recorded(site, "devices.ended")
    assert (told.user_id, told.facts) == (alice.id, {"device": gone})


def test_all_others_are_ended_and_nobody_else_s(site: GatehouseTester, alice: User) -> None:
    site.add_user("bob")
    bob, here = browser(site, "bob"), browser(site, remember="y")
    others = [browser(site), browser(site, remember="y")]
    assert press(here, f"{LIST}end-others/").location == LIST
    assert [is_in(each) for each in (bob, here, *others)] == [True, True, False, False]
    here.delete_cookie("gatehouse")
    assert is_in(here), "what was opened beside this one stays"
    assert len(recorded(site, "devices.others_ended")) == 1


def test_without_others_there_is_no_button_and_nothing_to_record(
    site: GatehouseTester, alice: User
) -> None:
    here = browser(site)
    assert "End all others" not in here.get(LIST).text
    assert press(here, f"{LIST}end-others/").status_code == 303
    assert recorded(site, "devices.others_ended") == []


@pytest.mark.parametrize("action", ["end", "name"])
def test_an_id_of_somebody_else_is_one_that_does_not_exist(
    site: GatehouseTester, alice: User, action: str
) -> None:
    site.add_user("bob")
    bob, client = browser(site, "bob"), browser(site)
    for device in (ids(bob)[0], "A" * 22, "%00", "'--"):
        assert press(client, f"{LIST}{device}/{action}/", name="mine").status_code == 404
    assert is_in(bob)
    assert titles(bob) == ["Unknown browser"]
    assert recorded(site, "devices.ended") == recorded(site, "devices.named") == []


def test_a_device_gets_a_name_and_loses_it(site: GatehouseTester, alice: User) -> None:
    client = browser(site, remember="y")
    (device,) = ids(client)
    assert press(client, f"{LIST}{device}/name/", name=" Kitchen <b> ").location == LIST
    assert "Kitchen &lt;b&gt;" in client.get(LIST).text
    assert {row.device_name for row in all_rows(site)} == {"Kitchen <b>"}
    assert [row.facts for row in recorded(site, "devices.named")] == [{"device": device}]
    press(client, f"{LIST}{device}/name/", name="")
    assert titles(client) == ["Unknown browser"]


def test_the_same_name_again_is_no_error(site: GatehouseTester, alice: User) -> None:
    client = browser(site)
    (device,) = ids(client)
    for _ in range(2):
        assert press(client, f"{LIST}{device}/name/", name="Kitchen").status_code == 303


def test_a_name_outlives_a_confirmation(site: GatehouseTester, alice: User) -> None:
    client = browser(site, remember="y")
    press(client, f"{LIST}{ids(client)[0]}/name/", name="Kitchen")
    client.delete_cookie("gatehouse")
    send(client, "/confirm/", password=PASSWORD)
    assert {row.device_name for row in all_rows(site)} == {"Kitchen"}


def test_a_name_that_cannot_be_is_refused_in_words(site: GatehouseTester, alice: User) -> None:
    client = browser(site)
    press(client, f"{LIST}{ids(client)[0]}/name/", name="k" * 65)
    assert "A name has at most 64 characters" in client.get(LIST).text
    assert titles(client) == ["Unknown browser"]


Move = Callable[[GatehouseTester, FlaskClient], None]


def proven_too_long_ago(site: GatehouseTester, client: FlaskClient) -> None:
    site.clock.move(timedelta(minutes=5))


def remembered(site: GatehouseTester, client: FlaskClient) -> None:
    client.delete_cookie("gatehouse")


@pytest.mark.parametrize(
    "stale",
    [
        proven_too_long_ago,
        remembered,
    ],
)
@pytest.mark.parametrize("what", ["end-others/", "{there}/end/"])
def test_ending_asks_for_the_password_first_and_comes_back_to_the_list(
    site: GatehouseTester, alice: User, stale: Move, what: str
) -> None:
    there, here = browser(site), browser(site, remember="y")
    stale(site, here)
    path = LIST + what.format(there=ids(there)[0])
    answer = press(here, path)
    assert answer.status_code == 307
    assert answer.location.startswith("/confirm/?to=")
    assert is_in(there)
    assert send(here, "/confirm/", password=PASSWORD, next=LIST).location == LIST
    assert is_in(there), "the password alone does nothing that was sent before"
    assert press(here, path).location == LIST
    assert not is_in(there)


def test_a_form_without_a_token_ends_and_names_nothing(site: GatehouseTester, alice: User) -> None:
    there, here = browser(site), browser(site)
    (device,) = ids(there)[:1]
    for path in ("end-others/", f"{device}/end/", f"{device}/name/"):
        assert here.post(LIST + path, data={"name": "mine"}).status_code == 400
        assert here.get(LIST + path).status_code == 405
    assert is_in(there)
    assert set(titles(here)) == {"Unknown browser"}


def test_the_list_shows_no_handle_and_no_digest(site: GatehouseTester, alice: User) -> None:
    client = browser(site, remember="y")
    page = client.get(LIST).text
    for row in all_rows(site):
        assert row.digest.hex() not in page
        assert row.public_id not in page
    for name in ("gatehouse", "gatehouse_remember"):
        secret = (cookie(client, name) or "").rsplit(".", 1)[1]
        assert not any(secret[at : at + 9] in page for at in range(len(secret) - 8))
