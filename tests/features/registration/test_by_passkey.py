"""Accounts that are made with a passkey and without a password."""

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.passkeys.models import Passkey, PasskeyOwner
from flask_gatehouse.features.passwords.models import Password
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from flask_gatehouse.testing.authenticator import Authenticator, Change
from tests import keepers
from tests.conftest import MakeSite
from tests.forms import send, token
from tests.keepers import ORIGIN, UNLIMITED, WRONG_ANYWHERE, WRONG_NEW


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    return _open(make_site, database_url)


@pytest.fixture
def tester(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    return _open(make_site, sqlite_url)


def _open(make_site: MakeSite, url: str, **config: str) -> GatehouseTester:
    limits = {"GATEHOUSE_REGISTRATION_NETWORK": "1000/1m", **UNLIMITED, **config}
    site = GatehouseTester(make_site(url, GATEHOUSE_REGISTRATION_MODE="open", **limits))
    site.add_user("keeper", admin=True)
    return site


def register(
    client: FlaskClient, keeper: Authenticator, change: Change = id, **fields: str
) -> TestResponse:
    """Make a passkey and send the form, as the module does."""
    csrf = token(client.get("/register/"))
    asked = client.post(
        "/register/passkey/options/", data={"csrf_token": csrf, "username": "newbie"}
    )
    assert asked.status_code == 200, asked.text
    answer = keeper.create(asked.get_json(), origin=ORIGIN, change=change)
    filled = {"username": "newbie", "email": "new@example.org", "credential": answer} | fields
    return client.post("/register/", data={"csrf_token": csrf, **filled})


def letter(site: GatehouseTester, pattern: str) -> str:
    body = site.mails()[-1].get_body(("plain",))
    assert body is not None
    found = re.search(pattern, body.get_content())
    assert found is not None
    return found[1]


def stored(site: GatehouseTester, table: type[Any]) -> list[Any]:
    with site.work() as work:
        return list(work.db.scalars(select(table)))


def prove(site: GatehouseTester, client: FlaskClient) -> None:
    code = letter(site, r"\b(\d{4} \d{4})\b")
    assert send(client, "/verify/", code=code).status_code == 303


def sign_in(client: FlaskClient, keeper: Authenticator) -> TestResponse:
    csrf = token(client.get("/login/passkey/"))
    asked = client.post("/login/passkey/options/", data={"csrf_token": csrf}).get_json()
    data = {"csrf_token": csrf, "credential": keeper.get(asked, origin=ORIGIN)}
    return client.post("/login/passkey/", data=data)


def test_an_account_is_made_with_a_passkey_and_no_password(site: GatehouseTester) -> None:
    client, keeper = site.client(), Authenticator()
    answer = register(client, keeper)
    assert answer.status_code == 200
    assert keeper.keys[0].name == "newbie"
    prove(site, client)
    assert len(stored(site, Password)) == 1
    assert {row.method for row in stored(site, Factor)} == {"passkey", "recovery_code"}
    assert "Keep these codes" in answer.text
    assert stored(site, PasskeyOwner)[0].handle == keeper.keys[0].handle
    assert sign_in(client, keeper).status_code == 303
    assert "newbie" in client.get("/account/").text
    page = client.get("/confirm/").text
    assert "Use a passkey" in page
    assert 'name="password"' not in page


def test_until_the_address_is_proven_the_passkey_does_not_sign_in(tester: GatehouseTester) -> None:
    client, keeper = tester.client(), Authenticator()
    register(client, keeper)
    answer = sign_in(client, keeper)
    assert (answer.status_code, answer.location) == (303, "/verify/")
    assert client.get("/account/").status_code == 302


def test_proven_in_another_browser_the_passkey_goes_and_a_password_is_asked_for(
    site: GatehouseTester,
) -> None:
    stranger, owner, keeper = site.client(), site.client(), Authenticator()
    register(stranger, keeper)
    page = owner.get(letter(site, r":5000(/verify/[\w-]{43}/)"), follow_redirects=True)
    assert 'name="password"' in page.text
    data = {"csrf_token": token(page), "password": PASSWORD}
    assert owner.post("/verify/link/", data=data).status_code == 303
    assert stored(site, Passkey) == []
    assert stored(site, Factor) == []
    assert sign_in(stranger, keeper).status_code == 400
    assert send(owner, "/login/", username="newbie", password=PASSWORD).status_code == 303


@pytest.mark.parametrize("wrong", ["holder: not verified", *WRONG_ANYWHERE, *WRONG_NEW])
def test_a_wrong_passkey_makes_no_account(tester: GatehouseTester, wrong: str) -> None:
    changes = {
        "holder: not verified": lambda draft: draft.leave_out("uv"),
        **WRONG_ANYWHERE,
        **WRONG_NEW,
    }
    answer = register(tester.client(), Authenticator(), changes[wrong])
    assert answer.status_code == 422
    assert "That passkey did not work here." in answer.text
    assert len(stored(tester, User)) == 1


def test_what_is_refused_is_named_to_the_keeper(tester: GatehouseTester) -> None:
    keeper = Authenticator()
    answer = register(tester.client(), keeper, username="keeper")
    assert answer.status_code == 422
    assert 'data-passkey-signal="unknown"' in answer.text
    assert keepers.to_text(keeper.keys[0].id) in answer.text


def test_the_passkey_of_somebody_else_makes_no_account(tester: GatehouseTester) -> None:
    tester.add_user("alice")
    alices = Authenticator()
    keepers.enrol(tester, alices)
    mine = keepers.to_text(alices.keys[0].id)

    def copied(draft: Any) -> None:
        draft.inner_id, draft.credential_id, draft.raw_id = alices.keys[0].id, mine, mine

    assert register(tester.client(), Authenticator(), copied).status_code == 422
    assert len(stored(tester, User)) == 2


def test_an_answer_makes_one_account(tester: GatehouseTester) -> None:
    client, keeper = tester.client(), Authenticator()
    csrf = token(client.get("/register/"))
    asked = client.post("/register/passkey/options/", data={"csrf_token": csrf}).get_json()
    answer = keeper.create(asked, origin=ORIGIN)
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    status = []
    for name in ("one", "two"):
        filled = {"username": name, "email": f"{name}@example.org", "credential": answer}
        status.append(client.post("/register/", data={"csrf_token": csrf, **filled}).status_code)
    assert status[0] in {200, 303}
    assert status[1] == 422


def test_neither_password_nor_passkey_is_too_little(tester: GatehouseTester) -> None:
    answer = send(tester.client(), "/register/", username="newbie", email="new@example.org")
    assert answer.status_code == 422
    assert "Choose a password, please." in answer.text
    for odd in ("{}", "x", json.dumps({"id": "AAAA"})):
        answer = send(
            tester.client(), "/register/", username="n1", email="n@example.org", credential=odd
        )
        assert answer.status_code == 422


def test_where_that_is_switched_off_a_password_is_needed(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = _open(make_site, sqlite_url, GATEHOUSE_PASSKEYS_REGISTER="no")
    client = site.client()
    page = client.get("/register/")
    assert "passkey" not in page.text.replace("gatehouse-passkey", "")
    data = {"csrf_token": token(page), "username": "newbie"}
    assert client.post("/register/passkey/options/", data=data).status_code == 409
