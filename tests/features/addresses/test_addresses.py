"""The page of addresses, its limits, and the commands. What could go wrong is in `test_eml`."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.forms import token

HERE = "/account/addresses/"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def alice(tester: GatehouseTester) -> FlaskClient:
    """A browser in which alice is signed in."""
    tester.add_user("bob", email="bob@example.org")
    client = tester.client(tester.add_user("alice", email="alice@example.org"))
    tester.clock.move(MINUTE)
    return client


def act(client: FlaskClient, what: str, **fields: str) -> TestResponse:
    data = {"csrf_token": token(client.get(HERE)), **fields}
    return client.post(f"{HERE}{what}/", data=data)


def command(site: GatehouseTester, *args: str) -> Any:
    return site.app.test_cli_runner().invoke(args=["gatehouse", "users", "address", *args])


def listed(site: GatehouseTester, name: str = "alice") -> list[dict[str, Any]]:
    lines = command(site, "list", name, "--json").stdout.splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("address", ["", "nowhere", "a@b", "a@example.org, b@example.org"])
def test_what_is_no_address_is_refused_on_the_page(
    tester: GatehouseTester, alice: FlaskClient, address: str
) -> None:
    page = act(alice, "add", email=address)
    assert page.status_code == 422
    assert "gh-error" in page.text
    assert tester.mails() == []


def test_the_first_address_of_an_account_is_its_primary_one(tester: GatehouseTester) -> None:
    client = tester.client(tester.add_user("carol"))
    assert "has no e-mail address" in client.get(HERE).text
    act(client, "add", email="carol@example.org")
    body = tester.mails()[-1].get_body(("plain",))
    assert body is not None
    found = re.search(r"\b(\d{4} \d{4})\b", body.get_content())
    assert found is not None
    act(client, "code", address="carol@example.org", code=found[1])
    assert [(each["address"], each["primary"]) for each in listed(tester, "carol")] == [
        ("carol@example.org", True)
    ]


def test_an_address_of_before_that_nobody_confirmed_can_be_confirmed(
    tester: GatehouseTester, alice: FlaskClient
) -> None:
    assert "Send a letter to confirm it" in alice.get(HERE).text
    assert act(alice, "resend", address="alice@example.org").status_code == 303
    body = tester.mails()[-1].get_body(("plain",))
    assert body is not None
    found = re.search(r":5000(/address/[\w-]{43}/)", body.get_content())
    assert found is not None
    page = alice.get(found[1], follow_redirects=True)
    assert alice.post("/address/", data={"csrf_token": token(page)}).location == HERE
    assert "Not confirmed" not in alice.get(HERE).text
    tester.clock.move(MINUTE)
    page = act(alice, "add", email="ALICE@example.org")
    assert page.status_code == 422
    assert "has this address already" in page.text


def test_thr_13_a_letter_waits_a_minute_for_the_one_before_and_five_are_an_hours_worth(
    tester: GatehouseTester, alice: FlaskClient
) -> None:
    new = "new@example.net"
    answers = []
    for _ in range(6):
        answers += [act(alice, "add", email=new).status_code for _ in range(2)]
        tester.clock.move(MINUTE * 4)
        tester.sign_in(alice, _account(tester))
    assert answers[:2] == [303, 429]
    assert answers.count(303) == 5
    assert len([mail for mail in tester.mails() if mail["To"] == new]) == 5


def _account(site: GatehouseTester) -> Any:
    with site.work() as work, work.reading() as db:
        return users.named(db, "alice")


@pytest.mark.parametrize("key", ["PER_PERSON", "NETWORK"])
def test_changes_are_counted_for_the_account_and_the_network(
    make_site: MakeSite, sqlite_url: str, key: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, **{f"GATEHOUSE_ADDRESSES_{key}": "2/1h"}))
    client = site.client(site.add_user("alice", email="alice@example.org"))
    answers = [act(client, "add", email=f"new{n}@example.net").status_code for n in range(3)]
    assert answers == [303, 303, 429]
    assert act(client, "remove", address="new1@example.net").status_code == 429


def test_an_expired_letter_is_over_and_no_more_listed(
    tester: GatehouseTester, alice: FlaskClient
) -> None:
    act(alice, "add", email="new@example.net")
    assert len(listed(tester)) == 2
    tester.clock.move(timedelta(hours=1))
    assert len(listed(tester)) == 1


def test_the_last_confirmed_and_the_primary_address_stay(
    tester: GatehouseTester, alice: FlaskClient
) -> None:
    command(tester, "add", "alice", "new@example.net", "--proven")
    for address, sentence in (
        ("alice@example.org", "This is your primary address"),
        ("new@example.net", "last confirmed address"),
    ):
        act(alice, "remove", address=address)
        assert sentence in alice.get(HERE).text
        refused = command(tester, "remove", "alice", address)
        assert refused.exit_code == 1
        assert sentence in refused.output
    assert len(listed(tester)) == 2


def test_the_commands_tell_whoever_runs_the_site_what_is_so(
    tester: GatehouseTester, alice: FlaskClient
) -> None:
    taken = command(tester, "add", "alice", "bob@example.org")
    assert taken.exit_code == 1
    assert "Somebody has this e-mail address already." in taken.output
    assert tester.mails() == []
    command(tester, "add", "alice", "new@example.net", "--proven")
    assert command(tester, "primary", "alice", "new@example.net").exit_code == 0
    assert command(tester, "list", "alice").stdout.splitlines() == [
        "new@example.net  primary",
        "alice@example.org  not confirmed",
    ]
    assert not any("/undo/" in mail.as_string() for mail in tester.mails())
    assert alice.get(HERE).status_code == 200


def test_who_runs_the_site_takes_a_strangers_address_from_a_suspended_account(
    tester: GatehouseTester, alice: FlaskClient
) -> None:
    for address in ("new@example.net", "eve@example.net"):
        command(tester, "add", "alice", address, "--proven")
    act(alice, "primary", address="eve@example.net")
    held = next(each for each in listed(tester) if each["address"] == "alice@example.org")
    assert held["held_until"] is not None
    runner = tester.app.test_cli_runner()
    runner.invoke(args=["gatehouse", "users", "suspend", "alice"])
    assert command(tester, "primary", "alice", "new@example.net").exit_code == 0
    assert command(tester, "remove", "alice", "eve@example.net").exit_code == 0
    assert command(tester, "remove", "alice", "alice@example.org").exit_code == 0
    assert [each["address"] for each in listed(tester)] == ["new@example.net"]


def test_an_address_of_nobody_or_of_somebody_else_is_not_there(
    tester: GatehouseTester, alice: FlaskClient
) -> None:
    for what in ("primary", "remove", "resend"):
        for address in ("bob@example.org", "nobody@example.org", "nonsense", ""):
            assert act(alice, what, address=address).status_code == 404
    assert command(tester, "remove", "alice", "bob@example.org").exit_code == 1
    assert len(listed(tester, "bob")) == 1
