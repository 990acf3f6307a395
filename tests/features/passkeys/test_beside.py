"""Beside another proof: the second step, the confirmation, and adding one more."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.testing import GatehouseTester
from flask_gatehouse.testing.authenticator import Authenticator, Change
from tests import forms
from tests.features.passkeys.test_pages import REFUSED, options, send, sign_in
from tests.forms import cookie, token
from tests.keepers import ORIGIN, WRONG_ANYWHERE, WRONG_NEW, WRONG_SIGNED, enrol

STEP = "/second-step/passkey/"
CONFIRM = "/confirm/passkey/"
ADD = "/account/passkeys/add/"

#: What is wrong with a passkey that stands alone, and not with one beside a password.
ALONE = {"holder: not verified", "handle: none", "handle: empty"}


@pytest.fixture
def keeper(tester: GatehouseTester) -> Authenticator:
    """Alice's."""
    keeper = Authenticator()
    enrol(tester, keeper)
    return keeper


@pytest.fixture
def half(tester: GatehouseTester, keeper: Authenticator) -> FlaskClient:
    """A browser in which alice's password was right."""
    client = tester.client()
    answer = forms.sign_in(client)
    assert (answer.status_code, answer.location) == (303, "/second-step/")
    assert client.get("/second-step/").location == STEP
    return client


@pytest.fixture
def inside(tester: GatehouseTester, keeper: Authenticator) -> FlaskClient:
    """A browser in which alice is signed in by her passkey."""
    client = tester.client()
    assert sign_in(client, keeper).status_code == 303
    return client


def take(
    client: FlaskClient, keeper: Authenticator, path: str, change: Change = id, **fields: str
) -> TestResponse:
    answer = keeper.get(options(client, path), origin=ORIGIN, change=change)
    return send(client, answer, path, **fields)


def methods(site: GatehouseTester) -> list[str]:
    with site.work() as work:
        return list(work.db.scalars(select(Session.methods).order_by(Session.created_at)))


def factors(site: GatehouseTester) -> list[str]:
    with site.work() as work:
        found = select(Factor.method).where(Factor.method != "recovery_code")
        return list(work.db.scalars(found))


def recorded(site: GatehouseTester) -> list[str]:
    with site.work() as work:
        return list(work.db.scalars(select(AuditRow.name)))


def test_a_passkey_is_the_second_step_after_a_password(
    tester: GatehouseTester, keeper: Authenticator, half: FlaskClient
) -> None:
    assert half.get("/account/").status_code == 302
    answer = take(half, keeper, STEP)
    assert (answer.status_code, answer.location) == (303, "/admin/")
    assert half.get("/account/").status_code == 200
    assert methods(tester) == ["password passkey"]


def test_wan_05_a_key_that_only_was_touched_is_a_second_step_and_no_more(
    tester: GatehouseTester, keeper: Authenticator, half: FlaskClient
) -> None:
    keeper.verifies = False
    assert take(half, keeper, STEP).status_code == 303
    assert methods(tester) == ["password key"]


@pytest.mark.parametrize("wrong", sorted({*WRONG_ANYWHERE, *WRONG_SIGNED} - ALONE))
def test_wan_04_a_wrong_second_step_gets_one_page_and_no_session(
    tester: GatehouseTester, keeper: Authenticator, half: FlaskClient, wrong: str
) -> None:
    answer = take(half, keeper, STEP, (WRONG_ANYWHERE | WRONG_SIGNED)[wrong])
    assert answer.status_code == 400
    assert REFUSED in answer.text
    assert cookie(half) is None
    assert methods(tester) == []
    assert recorded(tester).count("login.second_step_refused") == 1


def test_mfa_07_five_wrong_second_steps_are_all_there_are(
    tester: GatehouseTester, keeper: Authenticator, half: FlaskClient
) -> None:
    spare = keeper.get(options(half, STEP), origin=ORIGIN)
    csrf = token(half.get(STEP))
    for _ in range(5):
        half.post(STEP, data={"csrf_token": csrf, "credential": "{}"})
    answer = half.post(STEP, data={"csrf_token": csrf, "credential": spare})
    assert (answer.status_code, answer.location) == (303, "/login/")
    assert methods(tester) == []


def test_mfa_08_the_passkey_of_another_account_is_no_second_step(
    tester: GatehouseTester, half: FlaskClient
) -> None:
    bobs = Authenticator()
    enrol(tester, bobs, "bob")
    asked = {**options(half, STEP), "allowCredentials": []}
    assert send(half, bobs.get(asked, origin=ORIGIN), STEP).status_code == 400
    other = tester.client()
    forms.sign_in(other, "bob")
    for client, asked_by in ((half, other), (other, half)):
        answer = bobs.get({**options(asked_by, STEP), "allowCredentials": []}, origin=ORIGIN)
        assert send(client, answer, STEP).status_code == 400
    assert methods(tester) == []


def test_mfa_18_whoever_owes_a_factor_adds_none(tester: GatehouseTester, half: FlaskClient) -> None:
    csrf = token(half.get(STEP))
    for path in (ADD, f"{ADD}options/"):
        answer = half.post(path, data={"csrf_token": csrf, "credential": "{}"})
        assert answer.status_code in {302, 303}
    assert half.get(ADD).status_code == 302
    assert factors(tester) == ["passkey"]


def test_somebody_without_a_pending_sign_in_is_led_to_the_login_page(
    tester: GatehouseTester, keeper: Authenticator
) -> None:
    client = tester.client()
    csrf = token(client.get("/login/"))
    for path in (STEP, f"{STEP}options/"):
        answer = client.post(path, data={"csrf_token": csrf, "credential": "{}"})
        assert (answer.status_code, answer.location) == (303, "/login/")


def test_a_passkey_confirms_and_leads_back(
    tester: GatehouseTester, keeper: Authenticator, inside: FlaskClient
) -> None:
    tester.clock.move(timedelta(minutes=10))
    assert inside.get(ADD).status_code == 302
    assert "Use a passkey" in inside.get("/confirm/").text
    answer = take(inside, keeper, CONFIRM, next="/account/")
    assert (answer.status_code, answer.location) == (303, "/account/")
    assert inside.get(ADD).status_code == 200
    assert methods(tester) == ["passkey"]


@pytest.mark.parametrize("wrong", sorted({*WRONG_ANYWHERE, *WRONG_SIGNED} - ALONE))
def test_wan_04_a_wrong_confirmation_gets_one_page_and_changes_nothing(
    tester: GatehouseTester, keeper: Authenticator, inside: FlaskClient, wrong: str
) -> None:
    tester.clock.move(timedelta(minutes=10))
    answer = take(inside, keeper, CONFIRM, (WRONG_ANYWHERE | WRONG_SIGNED)[wrong])
    assert answer.status_code == 400
    assert inside.get(ADD).status_code == 302
    assert inside.get("/account/").status_code == 200


def test_a_passkey_that_did_not_verify_confirms_nothing(
    tester: GatehouseTester, keeper: Authenticator, inside: FlaskClient
) -> None:
    keeper.verifies = False
    assert take(inside, keeper, CONFIRM).status_code == 400


def test_what_was_asked_in_one_session_confirms_no_other(
    tester: GatehouseTester, keeper: Authenticator, inside: FlaskClient
) -> None:
    other = tester.client()
    sign_in(other, keeper)
    answer = keeper.get(options(other, CONFIRM), origin=ORIGIN)
    assert send(inside, answer, CONFIRM).status_code == 400


def add(
    client: FlaskClient, keeper: Authenticator, change: Change = id, **fields: str
) -> TestResponse:
    answer = keeper.create(options(client, ADD), origin=ORIGIN, change=change)
    return send(client, answer, ADD, **fields)


def test_the_first_passkey_is_added_after_a_password(tester: GatehouseTester) -> None:
    client, other = tester.client(), tester.client()
    for each in (client, other):
        forms.sign_in(each)
    tester.clock.move(timedelta(seconds=1))
    answer = add(client, Authenticator(), name="Work laptop")
    assert answer.status_code in {200, 303}
    assert "Work laptop" in client.get("/account/factors/").text
    assert other.get("/account/").status_code == 302
    assert [mail["To"] for mail in tester.mails()].count("alice@example.org") >= 1


def test_mfa_13_one_more_passkey_makes_no_more_of_a_session(
    tester: GatehouseTester, inside: FlaskClient
) -> None:
    assert add(inside, Authenticator()).status_code == 303
    assert factors(tester) == ["passkey", "passkey"]
    assert methods(tester) == ["passkey"]


@pytest.mark.parametrize("wrong", [*WRONG_ANYWHERE, *WRONG_NEW])
def test_wan_06_a_wrong_new_passkey_gets_one_page(
    tester: GatehouseTester, inside: FlaskClient, wrong: str
) -> None:
    answer = add(inside, Authenticator(), (WRONG_ANYWHERE | WRONG_NEW)[wrong], name="Mine")
    assert answer.status_code == 400
    assert REFUSED in answer.text
    assert 'value="Mine"' in answer.text
    assert factors(tester) == ["passkey"]


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "a\nb", "\u202eevil", "x" * 65])
def test_wan_11_a_name_is_shown_as_text_or_refused(
    tester: GatehouseTester, inside: FlaskClient, name: str
) -> None:
    answer = add(inside, Authenticator(), name=name)
    page = inside.get("/account/factors/").text
    assert answer.status_code in {303, 422}
    assert "<img src=x" not in answer.text + page
    assert "\u202e" not in page


def test_mfa_06_a_stale_or_remembered_session_adds_nothing(
    tester: GatehouseTester, keeper: Authenticator
) -> None:
    client = tester.client()
    sign_in(client, keeper, remember="y")
    csrf = token(client.get("/account/"))
    tester.clock.move(timedelta(minutes=6))
    for path in (ADD, f"{ADD}options/"):
        answer = client.post(path, data={"csrf_token": csrf, "credential": "{}"})
        assert "/confirm/" in (answer.location or "")
    client.delete_cookie("gatehouse")
    assert "/confirm/" in (client.get(ADD).location or "")
    assert factors(tester) == ["passkey"]


@pytest.mark.parametrize("who", ["stranger", "half", "inside"])
def test_wan_13_every_address_answers_whoever_asks(
    tester: GatehouseTester, keeper: Authenticator, request: pytest.FixtureRequest, who: str
) -> None:
    client = tester.client() if who == "stranger" else request.getfixturevalue(who)
    csrf = token(client.get("/account/" if who == "inside" else "/login/"))
    before = len(methods(tester))
    for rule in tester.app.url_map.iter_rules():
        if "passkey" not in rule.rule:
            continue
        for method in ("GET", "POST", "HEAD", "PUT", "DELETE"):
            answer = client.open(rule.rule, method=method, data={"csrf_token": csrf})
            assert answer.status_code < 500, (rule.rule, method)
    assert len(methods(tester)) == before
    assert factors(tester) == ["passkey"]


def test_wan_12_a_removed_passkey_opens_nothing(
    tester: GatehouseTester, keeper: Authenticator, inside: FlaskClient
) -> None:
    with tester.work() as work:
        found = select(Factor.public_id).where(Factor.method == "passkey")
        names = list(work.db.scalars(found))
    other = tester.client(None)
    forms.sign_in(other, "bob")
    csrf = token(other.get("/account/"))
    path = f"/account/factors/{names[0]}/remove/"
    assert other.post(path, data={"csrf_token": csrf}).status_code == 404
    asked = options(tester.client())
    del asked
    csrf = token(inside.get("/account/factors/"))
    assert inside.post(path, data={"csrf_token": csrf}).status_code == 303
    assert factors(tester) == []
    answer = sign_in(tester.client(), keeper)
    assert answer.status_code == 400
    assert "This passkey is not known here." in answer.text


def test_keepers_are_told_on_pages_of_ones_own(
    tester: GatehouseTester, keeper: Authenticator, inside: FlaskClient
) -> None:
    page = inside.get("/account/").text
    assert 'data-passkey-signal="known"' in page
    assert 'data-passkey-name="alice"' in page
    other = tester.client()
    forms.sign_in(other, "bob")
    assert "data-passkey-signal" not in other.get("/recover/").text
