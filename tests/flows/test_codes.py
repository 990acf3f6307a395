"""Codes as people meet them: adding an app, the second step, and a recovery code instead."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from threading import Barrier
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_gatehouse.features.login import pending
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.conftest import MakeSite
from tests.forms import send, sign_in, token
from tests.security.walk import UNLIMITED

ADD = "/account/authenticator/add/"
CODE = "/second-step/code/"
RECOVERY_CODE = "/second-step/recovery-code/"
SETS = "/account/recovery-codes/"

_HIDDEN = re.compile(r'<input type="hidden" name="(?!csrf)([^"]*)" value="([^"]*)">')
_SEED = re.compile(r'class="gh-typed"[^>]*>([A-Z2-7 ]+)<')
_SETUP = re.compile(r'name="setup"[^>]* value="([\w-]{22})"')
_CODES = re.compile(r"<li><code>((?:[0-9A-Z]{4}-){5}[0-9A-Z]{4})</code></li>")


@pytest.fixture
def site(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    site = GatehouseTester(make_site(sqlite_url))
    site.add_user("alice", email="alice@example.org")
    return site


def seed_of(page: TestResponse) -> str:
    found = _SEED.search(page.text)
    assert found is not None, page.text
    return found[1].replace(" ", "")


def shown(site: GatehouseTester, seed: str) -> str:
    return pyotp.TOTP(seed).at(site.clock.now())


def begun(client: FlaskClient, name: str = "Phone") -> TestResponse:
    page = send(client, ADD, name=name)
    assert page.status_code == 200
    return page


def finished(client: FlaskClient, page: TestResponse, code: str) -> TestResponse:
    setup = _SETUP.search(page.text)
    assert setup is not None
    fields = {"csrf_token": token(page), "setup": setup[1], "code": code}
    return client.post(ADD, data=fields)


def with_app(site: GatehouseTester) -> tuple[FlaskClient, str, list[str]]:
    """Let alice add an app by the pages; return her browser, the seed, and her recovery codes."""
    client = site.client()
    assert sign_in(client).status_code == 303
    page = begun(client)
    seed = seed_of(page)
    added = finished(client, page, shown(site, seed))
    assert added.status_code == 200
    site.clock.move(timedelta(minutes=1))
    return client, seed, _CODES.findall(added.text)


def at_the_gate(site: GatehouseTester) -> FlaskClient:
    """Return a browser in which alice's password was right."""
    client = site.client()
    assert sign_in(client).status_code == 303
    assert client.get("/account/").status_code != 200
    return client


def let_in(site: GatehouseTester, seed: str) -> FlaskClient:
    """Return a browser in which alice has just proven both her factors."""
    client = at_the_gate(site)
    assert send(client, CODE, code=shown(site, seed)).status_code == 303
    site.clock.move(timedelta(minutes=1))
    return client


def is_in(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200


def test_an_app_is_added_and_asked_for_and_lets_its_owner_in(site: GatehouseTester) -> None:
    _, seed, codes = with_app(site)
    assert len(codes) == 10
    client = at_the_gate(site)
    assert client.get("/second-step/").location.endswith(CODE)
    page = send(client, CODE, code=shown(site, seed))
    assert page.status_code == 303
    assert is_in(client)


def test_asvs_6_5_1_a_code_is_good_once_also_in_another_browser(site: GatehouseTester) -> None:
    _, seed, _ = with_app(site)
    one, other = at_the_gate(site), at_the_gate(site)
    code = shown(site, seed)
    assert send(one, CODE, code=code).status_code == 303
    again = send(other, CODE, code=f"{code[:3]} {code[3:]}")
    assert again.status_code == 401
    assert is_in(one)
    assert not is_in(other)


def test_asvs_6_5_1_of_many_at_the_gate_at_once_one_gets_in_by_a_code(
    make_site: MakeSite, database_url: str
) -> None:
    site = GatehouseTester(
        make_site(database_url, GATEHOUSE_LOGIN_SECOND_STEPS="1000/1h", **UNLIMITED)
    )
    site.add_user("alice", email="alice@example.org")
    _, seed, codes = with_app(site)
    for path, code in ((CODE, shown(site, seed)), (RECOVERY_CODE, codes[0])):
        clients = [at_the_gate(site) for _ in range(8)]
        sent = [{"csrf_token": token(each.get(path)), "code": code} for each in clients]
        gate = Barrier(len(clients))

        def go(
            n: int,
            *,
            path: str = path,
            gate: Barrier = gate,
            clients: list[FlaskClient] = clients,
            sent: list[dict[str, str]] = sent,
        ) -> int:
            gate.wait(timeout=60)
            return clients[n].post(path, data=sent[n]).status_code

        with ThreadPoolExecutor(len(clients)) as pool:
            assert Counter(pool.map(go, range(len(clients)))) == {303: 1, 401: 7}
        assert sum(is_in(each) for each in clients) == 1


def test_a_recovery_code_lets_in_once_and_tells_what_is_left(site: GatehouseTester) -> None:
    _, _, codes = with_app(site)
    for n, code in enumerate(codes):
        client = at_the_gate(site)
        assert send(client, RECOVERY_CODE, code=code.lower()).status_code == 303
        told = client.get("/account/").text
        few = "recovery code" in told
        assert few == (n >= 6), n
        site.clock.move(timedelta(hours=1))
    client = at_the_gate(site)
    assert send(client, RECOVERY_CODE, code=codes[0]).status_code == 401
    assert not is_in(client)


def test_a_new_set_is_shown_once_and_voids_the_one_before(site: GatehouseTester) -> None:
    _, seed, codes = with_app(site)
    client = let_in(site, seed)
    assert "<strong>10</strong>" in client.get(SETS).text
    made = client.post(f"{SETS}new/", data={"csrf_token": token(client.get(SETS))})
    fresh = _CODES.findall(made.text)
    assert len(set(fresh)) == 10
    assert made.headers["Cache-Control"] == "no-store"
    assert _CODES.findall(client.get(SETS).text) == []
    gate = at_the_gate(site)
    assert send(gate, RECOVERY_CODE, code=codes[0]).status_code == 401
    assert send(gate, RECOVERY_CODE, code=fresh[0]).status_code == 303


def test_whoever_has_no_factor_gets_no_set(site: GatehouseTester) -> None:
    client = site.client()
    sign_in(client)
    page = client.get(SETS)
    assert "You have none." in page.text
    made = client.post(f"{SETS}new/", data={"csrf_token": token(page)})
    assert made.status_code == 409
    assert _CODES.findall(made.text) == []


def test_mfa_05_no_page_that_is_opened_shows_a_secret(site: GatehouseTester) -> None:
    _, seed, _ = with_app(site)
    client = let_in(site, seed)
    for _ in range(2):
        page = begun(client, "Tablet")
        assert seed_of(page) != seed
        assert page.headers["Cache-Control"] == "no-store"
    for path in (ADD, f"{ADD}?name=Phone", f"{ADD}?setup=x&code=000000", SETS, "/account/factors/"):
        opened = client.get(path)
        assert opened.status_code == 200
        assert _SEED.search(opened.text) is None
        assert "<svg" not in opened.text
        assert _CODES.search(opened.text) is None
    gate = at_the_gate(site)
    assert send(gate, CODE, code=shown(site, seed)).status_code == 303


def test_a_wrong_code_shows_the_same_set_up_again(site: GatehouseTester) -> None:
    client = site.client()
    sign_in(client)
    page = begun(client, "<b>Phone</b>")
    assert "&lt;b&gt;Phone" in page.text
    seed = seed_of(page)
    again = finished(client, page, "not a code")
    assert (again.status_code, seed_of(again)) == (422, seed)
    assert "not a code" not in again.text
    assert finished(client, again, shown(site, seed)).status_code == 200


def test_a_set_up_that_is_over_shows_nothing_any_more(site: GatehouseTester) -> None:
    client = site.client()
    sign_in(client)
    first, second = begun(client), begun(client)
    over = finished(client, first, shown(site, seed_of(first)))
    assert over.status_code == 409
    assert "Please begin again." in over.text
    assert _SEED.search(over.text) is None
    assert finished(client, second, shown(site, seed_of(second))).status_code == 200


def test_a_name_that_nobody_can_see_is_refused_and_none_is_the_usual_one(
    site: GatehouseTester,
) -> None:
    client = site.client()
    sign_in(client)
    for name in ("a" * 65, "\u202eenohp"):
        page = send(client, ADD, name=name)
        assert page.status_code == 422
        assert _SEED.search(page.text) is None
    assert "<strong>Authenticator app</strong>" in begun(client, "  ").text


def test_mfa_06_whoever_proved_less_than_all_adds_and_renews_nothing(
    site: GatehouseTester,
) -> None:
    without, seed, _ = with_app(site)
    stale = let_in(site, seed)
    site.clock.move(timedelta(minutes=20))
    host = site.client(site.add_user("mallory"))
    assert host.get(ADD).status_code == 200
    for client in (without, stale, at_the_gate(site), site.client()):
        assert client.get(ADD).status_code in {302, 303}
        for path in (ADD, f"{SETS}new/"):
            page = client.post(path, data={"csrf_token": token(client.get("/logout/"))})
            assert page.status_code in {302, 303, 307, 400}
            assert _SEED.search(page.text) is None
            assert _CODES.search(page.text) is None


def confirmed(site: GatehouseTester, client: FlaskClient, page: TestResponse, seed: str) -> Any:
    """Prove oneself again, by the password and by a code."""
    data = {"csrf_token": [token(page)], "password": [PASSWORD]}
    wanted = re.search(r'name="next" type="hidden" value="([^"]*)"', page.text)
    if wanted is not None:
        data["next"] = [unescape(wanted[1])]
    for name, value in _HIDDEN.findall(page.text):
        data.setdefault(unescape(name), []).append(unescape(value))
    half = client.post("/confirm/", data=data)
    assert half.location.startswith("/second-step/"), half.status
    assert client.get(ADD).status_code == 302
    return send(client, CODE, code=shown(site, seed))


def test_whoever_confirms_first_comes_back_to_what_they_wanted(site: GatehouseTester) -> None:
    _, seed, _ = with_app(site)
    client = let_in(site, seed)
    site.clock.move(timedelta(minutes=20))
    asked = client.get(ADD)
    done = confirmed(site, client, client.get(asked.location), seed)
    assert (done.status_code, done.location) == (303, ADD)
    assert client.get(ADD).status_code == 200


def test_a_set_that_was_asked_for_too_late_is_made_by_one_button(site: GatehouseTester) -> None:
    _, seed, codes = with_app(site)
    client = let_in(site, seed)
    site.clock.move(timedelta(minutes=20))
    data = {"csrf_token": token(client.get(SETS)), "next": SETS}
    late = client.post(f"{SETS}new/", data=data)
    assert late.status_code == 307
    done = confirmed(site, client, client.post(late.location, data=data), seed)
    assert f'action="{SETS}new/"' in done.text
    made = client.post(f"{SETS}new/", data={"csrf_token": token(done)})
    assert len(_CODES.findall(made.text)) == len(codes)


def owing_a_factor(site: GatehouseTester) -> FlaskClient:
    """Return a browser in which alice's password was right, and which is held to add a factor."""
    with site.work() as work:
        attempt = Attempt(user_id=users.named(work.db, "alice").id, methods=("password",))
        hand = pending.begin(work, attempt=attempt, wish=Wish(), owes=pending.ENROLMENT)
    client = site.client()
    client.set_cookie("gatehouse_pending", str(hand))
    return client


def test_whoever_is_held_to_add_a_factor_is_let_in_by_an_app(site: GatehouseTester) -> None:
    client = owing_a_factor(site)
    page = begun(client)
    assert not is_in(client)
    assert finished(client, page, "no code").status_code == 422
    assert not is_in(client)
    seed = seed_of(page)
    added = finished(client, page, shown(site, seed))
    assert len(_CODES.findall(added.text)) == 10
    assert is_in(client)
    site.clock.move(timedelta(minutes=1))
    # Both were proven just now, so nothing is asked again.
    assert client.get(ADD).status_code == 200
    assert is_in(let_in(site, seed))


def test_a_set_up_of_one_sign_in_is_nothing_in_another_that_is_held(site: GatehouseTester) -> None:
    one, other = owing_a_factor(site), owing_a_factor(site)
    page = begun(one)
    elsewhere = finished(other, begun(other), shown(site, seed_of(page)))
    assert elsewhere.status_code == 422
    setup = _SETUP.search(page.text)
    assert setup is not None
    data = {"setup": setup[1], "code": shown(site, seed_of(page))}
    assert send(other, ADD, **data).status_code == 409
    assert not is_in(other)


def test_mfa_18_whoever_has_an_app_adds_none_on_the_way_in(site: GatehouseTester) -> None:
    held = owing_a_factor(site)
    page = begun(held)
    with_app(site)
    made = held.post(f"{SETS}new/", data={"csrf_token": token(page)})
    assert made.status_code in {302, 303}, made.status
    late = finished(held, page, shown(site, seed_of(page)))
    assert late.status_code in {302, 303}
    assert late.location.startswith("/login/")
    assert _CODES.search(made.text) is None
    assert not is_in(held)
    with site.work() as work:
        alice = users.named(work.db, "alice").id
        assert len([each for each in mfa.of(work.db, user_id=alice) if each.method == "totp"]) == 1


def test_the_factors_of_an_account_are_listed_and_can_be_taken_away(site: GatehouseTester) -> None:
    _, seed, codes = with_app(site)
    client = let_in(site, seed)
    page = client.get("/account/factors/")
    assert "Phone" in page.text
    assert "Recovery codes" in page.text
    assert client.get("/account/").text.count(SETS) == 1
    (phone,) = [each for each in page.text.split("<article") if '">Phone</h2>' in each]
    remove = re.search(r'action="(/account/factors/[\w-]+/remove/)"', phone)
    assert remove is not None
    assert client.post(remove[1], data={"csrf_token": token(page)}).status_code == 303
    again = site.client()
    assert sign_in(again).status_code == 303
    assert is_in(again)
    assert "You have none." in again.get(SETS).text
    assert codes


#: What comes in place of a code.
ODD = (
    None,
    "",
    "null",
    "[]",
    "{}",
    "0",
    "000000",
    "١٢٣٤٥٦",
    "1e5",
    "12345678901234567890",
    "\x00",
    "9" * 60_000,
)


@pytest.mark.parametrize("path", [CODE, RECOVERY_CODE])
def test_mfa_16_what_is_no_code_is_refused_and_counted(site: GatehouseTester, path: str) -> None:
    _, seed, codes = with_app(site)
    right = shown(site, seed) if path == CODE else codes[0]
    for n, odd in enumerate(ODD):
        client = at_the_gate(site)
        fields = {} if odd is None else {"code": odd}
        for _ in range(4):
            assert send(client, path, **fields).status_code == 401, odd
        data = {"csrf_token": token(client.get(path))}
        over = client.post(path, data=data | fields)
        assert (over.status_code, over.location[:7]) == (303, "/login/")
        # Five were counted: the right one comes too late.
        assert client.post(path, data=data | {"code": right}).location[:7] == "/login/"
        assert not is_in(client), (n, odd)
        site.clock.move(timedelta(hours=2))
        right = shown(site, seed) if path == CODE else codes[0]


def test_mfa_16_a_list_of_codes_is_one_code(site: GatehouseTester) -> None:
    _, seed, _ = with_app(site)
    client = at_the_gate(site)
    wrong = send(client, CODE, **{"code[]": shown(site, seed)})
    assert wrong.status_code == 401
    data = {"csrf_token": token(client.get(CODE)), "code": ["000", shown(site, seed)]}
    assert client.post(CODE, data=data).status_code == 401
    as_json = client.post(CODE, json={"code": shown(site, seed)})
    assert as_json.status_code in {400, 401}
    assert not is_in(client)
