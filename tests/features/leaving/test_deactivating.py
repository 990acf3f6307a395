"""An account is put aside by its owner, and comes back by its password and one button."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.features.passwords import returning
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.flows.test_races import at_once

AGAIN = "/login/return/"


def put_aside(client: FlaskClient) -> Any:
    token = forms.token(client.get("/account/leave/"))
    return client.post("/account/deactivate/", data={"csrf_token": token})


def aside(site: GatehouseTester) -> User:
    """Return an account that its owner has put aside."""
    alice = site.add_user("alice", email="alice@example.org")
    assert put_aside(site.client(alice)).location == "/login/"
    return alice


def proven(site: GatehouseTester) -> FlaskClient:
    """Return a browser in which the right password was given, and no button pressed."""
    client = site.client()
    assert forms.sign_in(client).location == AGAIN
    return client


def is_in(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200


def test_putting_aside_ends_every_session_and_keeps_everything(site: GatehouseTester) -> None:
    alice = site.add_user("alice", email="alice@example.org")
    here, there = site.client(alice), site.client(alice)
    assert put_aside(here).location == "/login/"
    assert not is_in(here)
    assert not is_in(there)
    letter = site.mails()[-1]
    assert letter["Subject"].endswith("is deactivated")
    body = letter.get_body(("plain",))
    assert body is not None
    assert "http://127.0.0.1:5000/login/" in body.get_content()


def test_the_right_password_alone_opens_nothing(site: GatehouseTester) -> None:
    aside(site)
    client = proven(site)
    assert not is_in(client)
    assert "Use my account again" in client.get(AGAIN).text
    assert not is_in(client)


def test_the_button_signs_in_and_takes_to_the_wanted_page(site: GatehouseTester) -> None:
    aside(site)
    client = site.client()
    there = forms.sign_in(client, path="/login/?next=/account/", next="/account/").location
    page = client.get(there)
    assert 'name="next" value="/account/"' in page.text
    data = {"csrf_token": forms.token(page), "next": "/account/"}
    assert client.post(AGAIN, data=data).location == "/account/"
    assert is_in(client)
    assert forms.sign_in(site.client()).location == "/admin/"


def test_enu_01_before_the_right_password_it_is_a_wrong_sign_in(site: GatehouseTester) -> None:
    aside(site)
    told = [forms.sign_in(site.client(), name, "wrong wrong wrong") for name in ("alice", "nobody")]
    assert {page.status_code for page in told} == {401}
    assert all("Invalid username or password." in page.text for page in told)


def test_the_button_works_once_and_for_some_minutes(site: GatehouseTester) -> None:
    aside(site)
    late, client = proven(site), proven(site)
    token = forms.token(client.get(AGAIN))
    site.clock.move(timedelta(minutes=10))
    assert client.post(AGAIN, data={"csrf_token": token}).location == "/login/"
    assert late.get(AGAIN).location == "/login/"
    assert not is_in(client)


def test_eml_07_nobody_comes_back_whom_an_administrator_keeps_out(site: GatehouseTester) -> None:
    aside(site)
    client = proven(site)
    token = forms.token(client.get(AGAIN))
    with site.work() as work:
        users.suspend(work, user=users.named(work.db, "alice"))
    assert client.post(AGAIN, data={"csrf_token": token}).location == "/login/"
    assert forms.sign_in(site.client()).status_code == 401
    run = site.app.test_cli_runner().invoke
    told = run(args=["gatehouse", "users", "reactivate", "alice"])
    assert told.exit_code == 1
    assert "restore it" in told.stderr


def test_whoever_forgot_the_password_gets_a_letter_and_still_has_to_press(
    site: GatehouseTester,
) -> None:
    aside(site)
    forms.send(site.client(), "/recover/", username="alice")
    body = site.mails()[-1].get_body(("plain",))
    assert body is not None
    (link,) = [word for word in body.get_content().split() if "/recover/" in word]
    client = site.client()
    page = client.get(link.removeprefix("http://127.0.0.1:5000"), follow_redirects=True)
    data = {"csrf_token": forms.token(page), "password": "twelve loud sparrows"}
    assert client.post("/recover/new/", data=data).location == "/login/"
    again = site.client()
    assert forms.sign_in(again, password="twelve loud sparrows").location == AGAIN


def test_a_right_password_is_not_counted_as_wrong(site: GatehouseTester) -> None:
    aside(site)
    for _ in range(3):
        proven(site)
    with site.work() as work:
        failures = users.by_id(work.db, users.named(work.db, "alice").id).password_row.failures  # type: ignore[attr-defined]
    assert failures == 0


def test_the_last_administrator_cannot_be_put_aside(site: GatehouseTester) -> None:
    client = site.client(site.add_user("root", admin=True))
    assert put_aside(client).location == "/account/leave/"
    assert "last active administrator" in client.get("/account/leave/").text
    assert is_in(client)


def test_putting_aside_asks_who_it_is_again(site: GatehouseTester) -> None:
    client = site.client(site.add_user("alice"))
    site.clock.move(timedelta(minutes=20))
    assert "/confirm/" in put_aside(client).location


def test_the_command_line_tells_deactivated_from_suspended(site: GatehouseTester) -> None:
    site.add_user("alice", email="alice@example.org")
    run = site.app.test_cli_runner().invoke

    def users_(*args: str) -> str:
        told = run(args=["gatehouse", "users", *args])
        assert told.exit_code == 0, told.stderr
        return told.stdout

    users_("deactivate", "alice")
    assert "deactivated" in users_("list")
    users_("reactivate", "alice")
    assert users_("list").split() == ["alice", "alice@example.org"]
    users_("deactivate", "alice")
    users_("suspend", "alice")
    assert "suspended" in users_("list")


def test_of_coming_back_twice_and_suspending_at_once_the_suspending_stays(
    site: GatehouseTester,
) -> None:
    alice = aside(site)
    with site.work() as work:
        address = "alice@example.org"
        user = users.by_id(work.db, alice.id)
        made = proofs.make(
            work,
            purpose=returning.RETURN,
            user=user,
            address=address,
            lifetime=timedelta(minutes=10),
        )

    def back() -> bool:
        try:
            with site.work() as work:
                returning.take(work, secret=str(made.secret))
        except Refusal:
            return False
        return True

    def suspend() -> bool:
        with site.work() as work:
            users.suspend(work, user=users.named(work.db, "alice"))
        return False

    came_back = at_once([back, suspend, back])
    assert came_back.count(True) <= 1
    assert forms.sign_in(site.client(), password=PASSWORD).status_code == 401


@pytest.mark.parametrize("times", [8])
def test_of_coming_back_at_once_one_does(site: GatehouseTester, times: int) -> None:
    alice = aside(site)
    with site.work() as work:
        user = users.by_id(work.db, alice.id)
        made = proofs.make(
            work, purpose=returning.RETURN, user=user, address="", lifetime=timedelta(minutes=10)
        )

    def back() -> bool:
        try:
            with site.work() as work:
                returning.take(work, secret=str(made.secret))
        except Refusal:
            return False
        return True

    assert at_once([back] * times).count(True) == 1
