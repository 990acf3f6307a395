"""Changing one's user name: by its owner, and by whoever runs the site."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.users.models import Identifier
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.forms import sign_in, token


@pytest.fixture
def alice(site: GatehouseTester) -> FlaskClient:
    """A browser in which alice is signed in; there is bob as well."""
    site.add_user("bob")
    site.add_user("alice", email="alice@example.org")
    client = site.client()
    sign_in(client)
    return client


def change(client: FlaskClient, name: str) -> TestResponse:
    data = {"csrf_token": token(client.get("/account/name/")), "username": name}
    return client.post("/account/name/change/", data=data)


def names(site: GatehouseTester) -> set[str]:
    with site.work() as work:
        return set(
            work.db.scalars(select(Identifier.canonical).where(Identifier.kind == "username"))
        )


def enters(site: GatehouseTester, name: str) -> bool:
    return sign_in(site.client(), name).status_code == 303


def test_the_name_changes_and_the_session_stays(site: GatehouseTester, alice: FlaskClient) -> None:
    assert change(alice, "Lovelace").location == "/account/"
    assert "Lovelace" in alice.get("/account/").text
    assert enters(site, "lovelace")
    assert not enters(site, "alice")
    assert names(site) == {"bob", "lovelace"}
    told = [mail["To"] for mail in site.mails() if "user name" in str(mail["Subject"])]
    assert told == ["alice@example.org"]
    with site.work() as work:
        assert "users.renamed" in set(work.db.scalars(select(AuditRow.name)))


def test_another_spelling_of_ones_own_name_is_only_shown(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    assert change(alice, "ALICE").status_code == 303
    assert "ALICE" in alice.get("/account/").text
    assert names(site) == {"bob", "alice"}


@pytest.mark.parametrize("name", ["bob", "BOB", "\uff42ob", "x", "a b", "al\u200bice", ""])
def test_a_name_that_is_taken_or_none_changes_nothing(
    site: GatehouseTester, alice: FlaskClient, name: str
) -> None:
    page = change(alice, name)
    assert page.status_code == 422
    assert "gh-error" in page.text
    assert names(site) == {"bob", "alice"}


def test_whoever_proved_themselves_long_ago_is_asked_again(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    site.clock.move(timedelta(minutes=20))
    page = change(alice, "lovelace")
    assert page.status_code == 307
    assert "/confirm/" in page.location
    assert "alice" in names(site)


def test_the_former_name_is_free_and_leads_to_nothing_of_before(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    change(alice, "lovelace")
    again = site.add_user("alice", password="twelve loud sparrows")
    assert "lovelace" in alice.get("/account/").text
    assert "alice@example.org" not in site.client(again).get("/account/").text


def test_names_that_are_tried_are_counted(site: GatehouseTester, alice: FlaskClient) -> None:
    answers = [change(alice, "bob").status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_a_site_can_keep_names_as_they_are(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_NAMES_CHANGE=False))
    client = site.client(site.add_user("alice"))
    page = client.get("/account/name/")
    assert "stay as they are" in page.text
    data = {"csrf_token": token(client.get("/account/addresses/")), "username": "lovelace"}
    assert client.post("/account/name/change/", data=data).status_code == 409
    assert names(site) == {"alice"}
    assert rename(site, "alice", "lovelace").exit_code == 0
    assert names(site) == {"lovelace"}


def rename(site: GatehouseTester, name: str, new: str) -> Any:
    return site.app.test_cli_runner().invoke(args=["gatehouse", "users", "rename", name, new])


def test_the_command_renames_a_suspended_account_as_well(tester: GatehouseTester) -> None:
    tester.add_user("alice", email="alice@example.org")
    tester.add_user("bob")
    tester.app.test_cli_runner().invoke(args=["gatehouse", "users", "suspend", "alice"])
    assert rename(tester, "alice", "lovelace").output == "alice is lovelace now.\n"
    taken = rename(tester, "lovelace", "Bob")
    assert taken.exit_code == 1
    assert "has this user name already" in taken.output
    assert names(tester) == {"bob", "lovelace"}


def test_of_two_that_take_a_name_at_once_one_gets_it(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    bob = site.client()
    sign_in(bob, "bob")
    together = threading.Barrier(2)

    def take(client: FlaskClient) -> int:
        data = {"csrf_token": token(client.get("/account/name/")), "username": "carol"}
        together.wait(timeout=60)
        return client.post("/account/name/change/", data=data).status_code

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(take, [alice, bob]))
    assert sorted(answers) == [303, 422]
    assert len(names(site)) == 2
    assert "carol" in names(site)
