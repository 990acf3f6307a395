"""Changing one's own password, by the current one."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.conftest import MakeSite
from tests.forms import cookie, send, sign_in, token

NEW = "eleven calm badgers"
WRONG = "nine loud kettles"
PAGE = "/account/password/"


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    site = GatehouseTester(make_site(database_url))
    site.add_user("alice", email="alice@example.org")
    return site


def enters(site: GatehouseTester, password: str) -> bool:
    return sign_in(site.client(), "alice", password).status_code == 303


def is_asked_again(client: FlaskClient) -> bool:
    data = {"csrf_token": token(client.get("/account/data/"))}
    return (client.post("/account/data/download/", data=data).location or "").startswith(
        "/confirm/"
    )


def test_asvs_6_2_2_the_session_goes_on_here_under_a_new_handle_and_nowhere_else(
    site: GatehouseTester,
) -> None:
    here, elsewhere = site.client(), site.client()
    sign_in(here)
    sign_in(elsewhere, remember="y")
    before = cookie(here)
    done = send(here, PAGE, current=PASSWORD, new=NEW)
    assert (done.status_code, done.location) == (303, "/account/")
    assert here.get("/account/").status_code == 200
    assert cookie(here) != before
    assert elsewhere.get("/account/").status_code == 302
    stolen = site.client()
    stolen.set_cookie("gatehouse", before or "")
    assert stolen.get("/account/").status_code == 302
    assert enters(site, NEW)
    assert not enters(site, PASSWORD)


def test_the_owner_gets_one_letter(site: GatehouseTester) -> None:
    client = site.client()
    sign_in(client)
    send(client, PAGE, current=PASSWORD, new=NEW)
    (mail,) = site.mails()
    assert mail["Subject"] == "Your password at Gatehouse was changed"
    assert NEW not in mail.as_string()


@pytest.mark.parametrize(
    ("current", "new", "status"),
    [(WRONG, NEW, 401), (PASSWORD, "short", 422), ("", NEW, 422), (PASSWORD, "", 422)],
)
def test_pwd_09_a_refusal_changes_nothing(
    site: GatehouseTester, current: str, new: str, status: int
) -> None:
    client = site.client()
    sign_in(client)
    refused = send(client, PAGE, current=current, new=new)
    assert refused.status_code == status
    assert client.get("/account/").status_code == 200
    assert enters(site, PASSWORD)
    assert NEW not in refused.text
    assert PASSWORD not in refused.text


def test_asvs_6_2_3_a_session_alone_changes_nothing(site: GatehouseTester) -> None:
    client = site.client()
    sign_in(client)
    page = client.get(PAGE)
    assert 'autocomplete="current-password"' in page.text
    data = {"csrf_token": token(page), "new": NEW}
    assert client.post(PAGE, data=data).status_code == 422
    for elsewhere in ("/invitation/", "/recover/new/"):
        assert client.post(elsewhere, data=data | {"password": NEW}).status_code == 409
    assert enters(site, PASSWORD)


def test_pwd_16_the_same_password_once_more_proves_nothing(site: GatehouseTester) -> None:
    client = site.client()
    sign_in(client)
    site.clock.move(timedelta(minutes=20))
    assert is_asked_again(client)
    assert send(client, PAGE, current=WRONG, new=PASSWORD).status_code == 401
    assert is_asked_again(client)


def test_wrong_passwords_are_counted_as_on_the_page_that_asks_again(site: GatehouseTester) -> None:
    client = site.client()
    sign_in(client)
    statuses = [send(client, PAGE, current=WRONG, new=NEW).status_code for _ in range(10)]
    assert statuses == [401] * 10
    data = {"csrf_token": token(client.get(PAGE)), "current": WRONG, "new": NEW}
    assert client.post(PAGE, data=data).location.startswith("/login/")
    assert client.get("/account/").status_code == 302


def test_a_remembered_session_needs_the_password_and_gets_fresh_by_it_only(
    site: GatehouseTester,
) -> None:
    client = site.client()
    sign_in(client, remember="y")
    client.delete_cookie("gatehouse")
    site.clock.move(timedelta(hours=2))
    assert send(client, PAGE, current=WRONG, new=NEW).status_code == 401
    assert client.post(
        "/account/devices/end-others/", data={"csrf_token": token(client.get(PAGE))}
    ).status_code in {302, 307}
    assert send(client, PAGE, current=PASSWORD, new=NEW).status_code == 303


def test_an_account_that_was_changed_meanwhile_is_not_changed_again(site: GatehouseTester) -> None:
    client = site.client()
    sign_in(client)
    data = {"csrf_token": token(client.get(PAGE)), "current": PASSWORD, "new": NEW}
    with site.work() as work:
        users.end_everything(work, user_id=users.named(work.db, "alice").id)
    assert client.post(PAGE, data=data).status_code in {302, 303, 400}
    assert enters(site, PASSWORD)


def test_an_account_without_a_password_is_shown_the_way_to_one(site: GatehouseTester) -> None:
    user = site.add_user("bob", email="bob@example.org", password=None)
    client = site.client(user)
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "/recover/" in page.text
    assert 'name="current"' not in page.text
