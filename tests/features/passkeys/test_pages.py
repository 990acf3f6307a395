"""The pages: what a browser gets for each answer, right or wrong, and what it never gets."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_gatehouse.features.passkeys.rules import to_text
from flask_gatehouse.testing import GatehouseTester
from flask_gatehouse.testing.authenticator import Authenticator, Change
from tests import keepers
from tests.conftest import MakeSite
from tests.features.passkeys.test_mutations import changed
from tests.forms import cookie, token
from tests.keepers import ORIGIN, UNLIMITED, WRONG_ANYWHERE, WRONG_SIGNED, enrol
from tests.long_form import Dice, times

HERE = "/login/passkey/"
REFUSED = "That passkey did not work here. Please try again."


def options(client: FlaskClient, path: str = HERE, **fields: str) -> dict[str, Any]:
    """Ask for what a browser is to be asked for, as the module does."""
    data = {"csrf_token": token(client.get(path)), **fields}
    answer = client.post(f"{path}options/", data=data)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def send(client: FlaskClient, answer: str, path: str = HERE, **fields: str) -> TestResponse:
    data = {"csrf_token": token(client.get(path)), "credential": answer, **fields}
    return client.post(path, data=data)


def sign_in(
    client: FlaskClient, keeper: Authenticator, change: Change = id, **fields: str
) -> TestResponse:
    return send(client, keeper.get(options(client), origin=ORIGIN, change=change), **fields)


@pytest.fixture
def keeper(tester: GatehouseTester) -> Authenticator:
    """Alice's."""
    keeper = Authenticator()
    enrol(tester, keeper)
    return keeper


def test_a_passkey_signs_in_and_leads_to_the_page_that_was_wanted(
    tester: GatehouseTester, keeper: Authenticator
) -> None:
    client = tester.client()
    answer = sign_in(client, keeper, next="/account/")
    assert (answer.status_code, answer.location) == (303, "/account/")
    page = client.get("/account/")
    assert "alice" in page.text
    again = client.get(HERE)
    assert (again.status_code, again.location) == (303, "/admin/")


def test_it_is_remembered_if_that_is_wished(tester: GatehouseTester, keeper: Authenticator) -> None:
    client = tester.client()
    sign_in(client, keeper, remember="y")
    assert cookie(client, "gatehouse_remember") is not None
    client.delete_cookie("gatehouse")
    assert client.get("/account/").status_code == 200
    other = tester.client()
    sign_in(other, keeper, remember="")
    assert cookie(other, "gatehouse_remember") is None


@pytest.mark.parametrize("wrong", [*WRONG_ANYWHERE, *WRONG_SIGNED])
def test_wan_04_each_wrong_thing_gets_the_same_page(
    tester: GatehouseTester, keeper: Authenticator, wrong: str
) -> None:
    client = tester.client()
    answer = sign_in(client, keeper, (WRONG_ANYWHERE | WRONG_SIGNED)[wrong])
    assert answer.status_code == 400
    assert REFUSED in answer.text or "This passkey is not known here." in answer.text
    assert '<input type="hidden" name="credential">' in answer.text
    assert cookie(client) is None
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize("text", keepers.NO_ANSWERS)
def test_what_is_no_answer_gets_the_same_page(tester: GatehouseTester, text: str) -> None:
    client = tester.client()
    answer = send(client, text)
    assert answer.status_code == 400
    assert REFUSED in answer.text
    assert cookie(client) is None
    data = {"csrf_token": token(client.get(HERE))}
    assert client.post(HERE, data=data).status_code == 400


def test_wan_01_an_answer_is_nothing_a_second_time_or_in_another_browser(
    tester: GatehouseTester, keeper: Authenticator
) -> None:
    client, other = tester.client(), tester.client()
    answer = keeper.get(options(client), origin=ORIGIN)
    options(other)
    assert send(other, answer).status_code == 400
    answer = keeper.get(options(client), origin=ORIGIN)
    assert send(client, answer).status_code == 303
    client.post("/logout/", data={"csrf_token": token(client.get("/account/"))})
    assert send(client, answer).status_code == 400
    assert send(tester.client(), answer).status_code == 400


def test_a_suspended_account_gets_the_page_of_a_wrong_passkey(
    tester: GatehouseTester, keeper: Authenticator
) -> None:
    tester.app.test_cli_runner().invoke(args=["gatehouse", "users", "suspend", "alice"])
    answer = sign_in(tester.client(), keeper)
    assert answer.status_code == 400
    assert REFUSED in answer.text


def test_an_account_that_was_put_aside_is_taken_up_again_by_a_button(
    tester: GatehouseTester, keeper: Authenticator
) -> None:
    tester.app.test_cli_runner().invoke(args=["gatehouse", "users", "deactivate", "alice"])
    client = tester.client()
    answer = sign_in(client, keeper)
    assert (answer.status_code, answer.location) == (303, "/login/return/")
    assert cookie(client) is None


def test_a_passkey_that_is_not_known_is_named_to_its_keeper(tester: GatehouseTester) -> None:
    stray, client = Authenticator(), tester.client()
    stray.create(keepers.ask_to_add(tester), origin=ORIGIN)
    answer = sign_in(client, stray)
    assert answer.status_code == 400
    assert 'data-passkey-signal="unknown"' in answer.text
    assert f'data-passkey-id="{to_text(stray.keys[0].id)}"' in answer.text


def test_wan_11_nothing_that_was_sent_stands_on_the_page(
    tester: GatehouseTester, keeper: Authenticator
) -> None:
    evil = '"><img src=x onerror=alert(1)>\r\n'
    for text in (evil, json.dumps({"id": evil, "rawId": evil, "type": evil, "response": {}})):
        answer = send(tester.client(), text)
        assert "onerror" not in answer.text


def test_pages_with_the_module_may_run_it_and_others_nothing(tester: GatehouseTester) -> None:
    client = tester.client()
    for path in ("/login/", HERE):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert answer.text.count("<script") == 1
        assert 'type="module" src="/gatehouse/static/passkeys.js"' in answer.text
    for path in ("/recover/", "/nothing/"):
        assert "script-src" not in client.get(path).headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "config",
    [
        {"GATEHOUSE_PASSKEYS_ENABLED": "no"},
        {"GATEHOUSE_PUBLIC_URL": "http://intranet.example"},
        {"GATEHOUSE_PUBLIC_URL": "https://192.0.2.7"},
        {"GATEHOUSE_PUBLIC_URL": "https://[2001:db8::1]:8443"},
    ],
)
def test_where_passkeys_are_not_offered_nothing_tells_of_them(
    make_site: MakeSite, sqlite_url: str, config: dict[str, str]
) -> None:
    site = GatehouseTester(make_site(sqlite_url, **config, **UNLIMITED))
    host = config.get("GATEHOUSE_PUBLIC_URL", "http://localhost")
    client = site.client(site.add_user("alice"))
    stranger = site.app.test_client()
    page = stranger.get("/login/", base_url=host)
    assert "passkey" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert stranger.get(HERE, base_url=host).status_code == 404
    assert "passkey" not in client.get("/account/", base_url=host).text
    data = {"csrf_token": token(page)}
    assert stranger.post(f"{HERE}options/", data=data, base_url=host).status_code == 409


def test_other_origins_are_told_to_browsers(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(
        make_site(
            sqlite_url,
            GATEHOUSE_PUBLIC_URL="https://ours.example",
            GATEHOUSE_PASSKEYS_RELATED_ORIGINS="https://new.example, https://third.example:8443",
            **UNLIMITED,
        )
    )
    site.add_user("alice")
    client = site.app.test_client()
    answer = client.get("/.well-known/webauthn", base_url="https://ours.example")
    origins = ["https://ours.example", "https://new.example", "https://third.example:8443"]
    assert answer.get_json() == {"origins": origins}
    keeper = Authenticator()
    for origin in [*origins, "https://fourth.example"]:
        asked = keepers.ask_to_add(site)
        assert asked["rp"]["id"] == "ours.example"
        answer_text = keeper.create(asked, origin=origin)
        good = origin in origins
        try:
            keepers.add(site, answer_text)
        except keepers.PasskeyRefused:
            assert not good
        else:
            assert good


def test_without_other_origins_there_is_nothing_to_tell(tester: GatehouseTester) -> None:
    assert tester.client().get("/.well-known/webauthn").status_code == 404
    found = tester.client().get("/.well-known/passkey-endpoints").get_json()
    assert found["enroll"] == f"{ORIGIN}/account/passkeys/add/"


def test_hundreds_of_changed_answers_get_a_page_and_no_session(
    tester: GatehouseTester, keeper: Authenticator
) -> None:
    dice, client = Dice("pages"), tester.client()
    csrf = token(client.get(HERE))
    statuses = set()
    for _ in range(times(200, 5000)):
        asked = client.post(f"{HERE}options/", data={"csrf_token": csrf}).get_json()
        text = changed(dice, keeper.get(asked, origin=ORIGIN))
        answer = client.post(HERE, data={"csrf_token": csrf, "credential": text})
        statuses.add(answer.status_code)
        if answer.status_code == 303:
            # What was changed is nothing that proves anything, such as the word for its transport.
            client = tester.client()
            csrf = token(client.get(HERE))
        else:
            assert cookie(client) is None
    assert statuses <= {303, 400}
