"""MFA: every way in passes one gate, and what is half done opens nothing."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Thread
from urllib.parse import quote

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask_login import confirm_login, login_user
from sqlalchemy import event
from werkzeug.test import TestResponse

from flask_gatehouse import fresh, mfa_required
from flask_gatehouse.db.base import Base
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.login.models import PendingSignIn
from flask_gatehouse.features.login.service import LoginStep
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.recovery_codes import service as recovery_codes
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from flask_gatehouse.testing.authenticator import Authenticator
from flask_gatehouse.web.access import MARK
from tests import keepers
from tests.conftest import MakeSite
from tests.features.totp.apps import shown, with_app
from tests.forms import cookie, send, sign_in, token
from tests.security import walk
from tests.security.walk import UNLIMITED, ask, engine_of, events, rows, who

CODE = "/second-step/code/"
POST = frozenset({"POST"})
PENDING = "gatehouse_pending"

#: What somebody at the gate may open: pages of the second step.
GATE = "/second-step/"


@pytest.fixture
def app(make_site: MakeSite, sqlite_url: str) -> Flask:
    """The site, with a host's own way in and views that want more than a sign-in."""
    return with_host(make_site(sqlite_url, **UNLIMITED))


def with_host(app: Flask) -> Flask:
    """Add what a host may have of its own."""

    def enter() -> str:
        with GatehouseTester.work(app.extensions["tester"]) as work:
            user = users.named(work.db, str(request.args["name"]))
        return str(login_user(user))

    def confirm() -> str:
        confirm_login()
        return "confirmed"

    @mfa_required
    def two() -> str:
        return "two factors"

    @fresh(within=timedelta(minutes=5), methods=("totp",))
    def app_lately() -> str:
        return "lately by an app"

    @fresh(methods=("passkey",))
    def key() -> str:
        return "by a passkey"

    app.add_url_rule("/host/login/", "host_login", enter, methods=["POST"])
    app.add_url_rule("/host/confirm/", "host_confirm", confirm, methods=["POST"])
    app.add_url_rule("/host/two/", "host_two", two)
    app.add_url_rule("/host/app/", "host_app", app_lately)
    app.add_url_rule("/host/key/", "host_key", key)
    return app


@pytest.fixture
def tester(app: Flask) -> GatehouseTester:
    tester = GatehouseTester(app)
    app.extensions["tester"] = tester
    return tester


@pytest.fixture
def seed(tester: GatehouseTester) -> bytes:
    """Alice, with an app."""
    tester.add_user("alice", email="alice@example.org")
    return with_app(tester)


def at_the_gate(tester: GatehouseTester, name: str = "alice") -> FlaskClient:
    client = tester.client()
    page = sign_in(client, name)
    assert page.location == "/second-step/"
    return client


def step(client: FlaskClient, code: str) -> TestResponse:
    return send(client, CODE, code=code)


def inside(tester: GatehouseTester, seed: bytes) -> FlaskClient:
    """Return a browser in which alice proved both factors; the next code is a new one."""
    client = at_the_gate(tester)
    assert step(client, shown(tester, seed)).status_code == 303
    assert who(client) == "alice"
    tester.clock.move(timedelta(seconds=30))
    return client


# Ways in


def by_password(tester: GatehouseTester, client: FlaskClient) -> list[TestResponse]:
    return [sign_in(client)]


def by_password_remembered(tester: GatehouseTester, client: FlaskClient) -> list[TestResponse]:
    return [sign_in(client, remember="y")]


def by_address(tester: GatehouseTester, client: FlaskClient) -> list[TestResponse]:
    return [sign_in(client, "alice@example.org")]


def by_coming_back(tester: GatehouseTester, client: FlaskClient) -> list[TestResponse]:
    with tester.work() as work:
        alice = users.named(work.db, "alice")
        users.deactivate(work, user_id=alice.id, only_if=User.epoch == alice.epoch)
    first = sign_in(client)
    assert first.location.startswith("/login/return/")
    return [first, send(client, "/login/return/")]


def by_a_first_password(tester: GatehouseTester, client: FlaskClient) -> list[TestResponse]:
    with tester.work() as work:
        alice = users.named(work.db, "alice")
    first = client.get(walk.invitation_for(tester, alice))
    second = send(client, "/invitation/", password="nine loud kettles")
    assert second.location == "/login/"
    return [first, second, sign_in(client, password="nine loud kettles")]


def by_recovery(tester: GatehouseTester, client: FlaskClient) -> list[TestResponse]:
    asked = send(client, "/recover/", username="alice")
    bodies = [mail.get_body(("plain",)) for mail in tester.mails()]
    told = " ".join(body.get_content() for body in bodies if body is not None)
    link = re.search(r"/recover/[\w-]{43}/", told)
    assert link is not None
    opened = client.get(link[0])
    done = send(client, "/recover/new/", password="nine loud kettles")
    return [asked, opened, done, sign_in(client, password="nine loud kettles")]


def by_the_host(tester: GatehouseTester, client: FlaskClient) -> list[TestResponse]:
    return [client.post("/host/login/?name=alice")]


WAYS: list[Callable[[GatehouseTester, FlaskClient], list[TestResponse]]] = [
    by_password,
    by_password_remembered,
    by_address,
    by_coming_back,
    by_a_first_password,
    by_recovery,
    by_the_host,
]


def handed(pages: list[TestResponse]) -> list[tuple[str, str]]:
    """Return every cookie of every answer, also those that another one overrides."""
    lines = [line for page in pages for line in page.headers.getlist("Set-Cookie")]
    pairs = [line.partition(";")[0].partition("=") for line in lines]
    return [(name, value) for name, _, value in pairs if value]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_mfa_02_every_way_in_stops_at_the_gate(
    tester: GatehouseTester, seed: bytes, way: Callable[..., list[TestResponse]]
) -> None:
    client = tester.client()
    pages = way(tester, client)
    assert pages[-1].location.startswith("/second-step/")
    assert rows(tester, Session) == []
    assert who(client) == "nobody"
    told = events(tester, "login.held")
    assert told[-1].facts["by"] == "mfa.second_step_owed"

    assert step(client, shown(tester, seed)).status_code == 303
    assert who(client) == "alice"
    session = next(row for row in rows(tester, Session) if row.kind == 1)
    assert session.methods.split()[-1] == "totp"
    assert session.assurance == 2
    assert rows(tester, PendingSignIn) == []


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_mfa_19_nothing_that_an_answer_hands_out_before_the_gate_opens_anything(
    tester: GatehouseTester, seed: bytes, way: Callable[..., list[TestResponse]]
) -> None:
    for name, value in handed(way(tester, tester.client())):
        alone = tester.client()
        for spelt in (name, "gatehouse", "gatehouse_remember"):
            alone.set_cookie(spelt, value)
            assert who(alone) == "nobody", (name, spelt)


def test_mfa_02_a_remembered_browser_passed_the_gate_and_is_not_fresh(
    tester: GatehouseTester, seed: bytes
) -> None:
    client = tester.client()
    sign_in(client, remember="y")
    step(client, shown(tester, seed))
    client.delete_cookie("gatehouse")
    assert who(client) == "alice"
    assert client.get("/host/two/").location.startswith("/confirm/")
    assert [row.assurance for row in rows(tester, Session) if row.kind == 2] == [1]


def test_mfa_02_a_host_that_confirms_on_its_own_is_led_to_the_gate(
    tester: GatehouseTester, seed: bytes
) -> None:
    client = inside(tester, seed)
    before = cookie(client)
    page = client.post("/host/confirm/")
    assert page.location.startswith("/second-step/")
    assert cookie(client) == before
    assert step(client, shown(tester, seed)).status_code == 303
    assert cookie(client) not in {None, before}


# What is half done


def test_mfa_02_somebody_at_the_gate_is_a_stranger_everywhere_else(
    tester: GatehouseTester, seed: bytes
) -> None:
    stranger = tester.client()
    waiting = at_the_gate(tester)
    for route in walk.routes(tester.app):
        if route.path.startswith(GATE):
            continue
        for method in ("GET", "HEAD", "OPTIONS"):
            theirs, ours = ask(stranger, route.path, method), ask(waiting, route.path, method)
            where = (route.path, method)
            assert (ours.status_code, ours.location) == (theirs.status_code, theirs.location), where
            assert "alice" not in ours.text, where


def test_mfa_02_somebody_at_the_gate_changes_nothing(tester: GatehouseTester, seed: bytes) -> None:
    waiting = at_the_gate(tester)
    form = token(waiting.get(CODE))
    left_out = (
        "gatehouse_throttle",
        "gatehouse_pending_sign_in",
        "gatehouse_audit_lane",
        # What strangers are asked for as well, and what opens nothing by itself.
        "gatehouse_passkey_challenge",
    )
    before = walk.snapshot(tester, without=left_out)
    for route in walk.routes(tester.app):
        # Asking for a letter is open to strangers, and signing out ends what is pending.
        asks = route.endpoint in {"gatehouse.recovery.ask", "gatehouse.login.logout", "host_login"}
        if asks or route.path.startswith(GATE):
            continue
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            data = {"csrf_token": form, "name": "mine", "code": "000000", "password": PASSWORD}
            page = ask(waiting, route.path, method, data=data)
            assert page.status_code < 500, (route.path, method)
            assert who(waiting) == "nobody", (route.path, method)
    assert walk.snapshot(tester, without=left_out) == before


def test_mfa_18_somebody_at_the_gate_adds_no_factor(tester: GatehouseTester, seed: bytes) -> None:
    before = walk.snapshot(tester)["gatehouse_factor"]
    kinds = [kind for kind in walk.routes(tester.app) if "/add/" in kind.path]
    kinds += [each for each in walk.routes(tester.app) if "recovery-codes" in each.path]
    assert kinds
    for route in kinds:
        waiting = at_the_gate(tester)
        form = token(waiting.get(CODE))
        for method in ("GET", "POST"):
            page = ask(waiting, route.path, method, data={"csrf_token": form, "name": "Mine"})
            assert page.status_code in {302, 303, 307, 405}, (route.path, page.status)
            assert not (page.location or "").startswith("/account/")
    assert walk.snapshot(tester)["gatehouse_factor"] == before


@pytest.mark.parametrize("ends", ["logout", "another sign-in", "time", "a new password"])
def test_ses_10_what_is_half_done_ends(tester: GatehouseTester, seed: bytes, ends: str) -> None:
    tester.add_user("mallory")
    client = at_the_gate(tester)
    held = cookie(client, PENDING)
    assert held is not None
    if ends == "logout":
        client.post("/logout/", data={"csrf_token": token(client.get("/login/"))})
    elif ends == "another sign-in":
        sign_in(client, "mallory")
    elif ends == "time":
        tester.clock.move(timedelta(minutes=10, seconds=1))
    else:
        walk.change_password(tester, "alice", "nine loud kettles")
    if ends in {"logout", "another sign-in"}:
        assert cookie(client, PENDING) is None
    copied = tester.client()
    form = token(copied.get("/login/"))
    copied.set_cookie(PENDING, held)
    page = copied.post(CODE, data={"csrf_token": form, "code": shown(tester, seed)})
    assert page.location == "/login/"
    assert who(copied) == "nobody"


def test_mfa_07_a_right_code_after_the_deadline_opens_nothing(
    tester: GatehouseTester, seed: bytes
) -> None:
    client = at_the_gate(tester)
    form = token(client.get(CODE))
    tester.clock.move(timedelta(minutes=10))
    page = client.post(CODE, data={"csrf_token": form, "code": shown(tester, seed)})
    assert page.location == "/login/"
    assert rows(tester, Session) == []


def test_mfa_07_of_many_at_once_one_opens_a_session(generous: GatehouseTester) -> None:
    site = generous
    site.add_user("alice")
    seed = with_app(site)
    client = at_the_gate(site)
    form, held = token(client.get(CODE)), cookie(client, PENDING)
    signed = cookie(client, "gatehouse_form")
    code = shown(site, seed)
    ready, answers = Barrier(16), []

    def try_it() -> None:
        own = site.client()
        own.set_cookie(PENDING, held or "")
        own.set_cookie("gatehouse_form", signed or "")
        ready.wait(timeout=30)
        answers.append(own.post(CODE, data={"csrf_token": form, "code": code}))

    threads = [Thread(target=try_it) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    opened = [page for page in answers if "gatehouse" in walk.set_cookies(page)]
    assert len(answers) == 16
    assert len(opened) == 1
    assert len(rows(site, Session)) == 1
    assert {page.status_code for page in answers} <= {303, 401, 429}, answers


def test_mfa_08_what_is_pending_says_whose_code_is_wanted(
    tester: GatehouseTester, seed: bytes
) -> None:
    tester.add_user("mallory")
    theirs = with_app(tester, "mallory")
    client = at_the_gate(tester)
    page = send(
        client, CODE, code=shown(tester, theirs), user="mallory", user_id="mallory", next="/admin/"
    )
    assert page.status_code == 401
    assert who(client) == "nobody"
    (told,) = events(tester, "login.second_step_refused")
    assert told.facts["method"] == "totp"
    # With the other one's cookie it is the other one's sign-in, and needs the other one's code.
    other = at_the_gate(tester, "mallory")
    client.set_cookie(PENDING, cookie(other, PENDING) or "")
    assert step(client, shown(tester, seed)).status_code == 401
    assert who(client) == "nobody"


@pytest.mark.parametrize("error", [RuntimeError, ValueError, KeyError, LookupError])
def test_mfa_15_a_step_that_breaks_lets_nobody_in(
    make_site: MakeSite, sqlite_url: str, error: type[Exception]
) -> None:
    class Broken(LoginStep):
        def hold(self, work: Work, attempt: Attempt, wish: Wish) -> None:
            del work, attempt, wish
            raise error

    app = make_site(sqlite_url)
    app.extensions["gatehouse"].house.furnish([Broken()])
    app.config["PROPAGATE_EXCEPTIONS"] = False
    site = GatehouseTester(app)
    site.add_user("alice")
    client = site.client()
    page = sign_in(client)
    assert page.status_code == 500
    assert error.__name__ not in page.text
    assert rows(site, Session) == []
    assert who(client) == "nobody"


# What a session is worth


def test_ses_04_the_first_factor_ends_the_other_sessions(tester: GatehouseTester) -> None:
    tester.add_user("alice")
    here, there = tester.client(), tester.client()
    for client in (here, there):
        sign_in(client)
    page = send(here, "/account/authenticator/add/", name="Phone")
    seed = page.text.partition('class="gh-typed"')[2].partition(">")[2].partition("<")[0]
    setup = page.text.partition('name="setup"')[2].partition('value="')[2][:22]
    assert setup
    import pyotp  # noqa: PLC0415 - the other side

    code = pyotp.TOTP(seed.replace(" ", "")).at(tester.clock.now())
    fields = {"csrf_token": token(page), "setup": setup, "code": code}
    assert here.post("/account/authenticator/add/", data=fields).status_code == 200
    assert who(here) == "alice"
    assert who(there) == "nobody"


def test_mfa_13_adding_a_factor_makes_the_session_no_better(tester: GatehouseTester) -> None:
    alice = tester.add_user("alice")
    client = tester.client()
    sign_in(client)
    with tester.work() as work:
        mfa.write(work, user_id=alice.id, method="totp", name="Phone")
    assert client.get("/host/two/").location.startswith("/confirm/")
    (session,) = rows(tester, Session)
    assert (session.methods, session.assurance) == ("password", 1)
    # And what opens the account asks for all of it from now on, however lately a part was proven.
    assert client.post(
        "/account/devices/end-others/", data={"csrf_token": token(client.get("/account/"))}
    ).location.startswith("/confirm/")


def test_mfa_13_the_same_kind_of_factor_counts_once(tester: GatehouseTester, seed: bytes) -> None:
    with tester.work() as work:
        alice = users.named(work.db, "alice")
        code = recovery_codes.issue(work, user=alice)[0]
    client = at_the_gate(tester)
    assert send(client, "/second-step/recovery-code/", code=code).status_code == 303
    (session,) = rows(tester, Session)
    assert (session.methods, session.assurance) == ("password recovery_code", 2)


def test_mfa_06_no_session_that_proved_less_takes_a_factor_away(
    tester: GatehouseTester, seed: bytes
) -> None:
    tester.clock.move(timedelta(minutes=1))
    (factor,) = [row for row in rows(tester, Factor) if row.method == "totp"]
    remembered = tester.client()
    sign_in(remembered, remember="y")
    step(remembered, shown(tester, seed))
    remembered.delete_cookie("gatehouse")
    tester.clock.move(timedelta(minutes=1))
    stale = inside(tester, seed)
    tester.clock.move(timedelta(minutes=6))
    for client in (remembered, stale):
        form = token(client.get("/account/factors/"))
        for act in ("remove", "name"):
            page = client.post(
                f"/account/factors/{factor.public_id}/{act}/",
                data={"csrf_token": form, "name": "Mine"},
            )
            assert page.location.startswith("/confirm/")
        # The password alone is half of it.
        assert send(client, "/confirm/", password=PASSWORD).location.startswith("/second-step/")
        form = token(client.get("/account/factors/"))
        page = client.post(
            f"/account/factors/{factor.public_id}/remove/", data={"csrf_token": form}
        )
        assert page.location.startswith("/confirm/")
    assert factor.public_id in {row.public_id for row in rows(tester, Factor)}


@pytest.mark.parametrize("how", ["stale", "by the password only", "remembered"])
def test_asvs_7_5_1_what_a_sign_in_hangs_on_asks_for_all_factors_lately(
    tester: GatehouseTester, seed: bytes, how: str
) -> None:
    if how == "stale":
        client = inside(tester, seed)
        tester.clock.move(timedelta(minutes=6))
    elif how == "remembered":
        client = tester.client()
        sign_in(client, remember="y")
        step(client, shown(tester, seed))
        client.delete_cookie("gatehouse")
    else:
        mallory = tester.add_user("mallory", email="mallory@example.org")
        client = tester.client()
        sign_in(client, "mallory")
        with tester.work() as work:
            mfa.write(work, user_id=mallory.id, method="totp", name="Phone")
    guarded = [
        route
        for route in walk.routes(tester.app)
        if getattr(tester.app.view_functions[route.endpoint], MARK, "") in {"fresh", "enrolling"}
    ]
    assert len(guarded) > 15
    form = token(client.get("/account/"))
    for route in [*guarded, walk.Route("gatehouse.passwords.change", "/account/password/", POST)]:
        method = "POST" if "POST" in route.methods else "GET"
        page = ask(client, route.path, method, data={"csrf_token": form})
        assert (page.location or "").startswith("/confirm/"), (route.path, page.status)


def test_mfa_06_a_factor_goes_after_both_were_proven_and_its_owner_hears_of_it(
    tester: GatehouseTester, seed: bytes
) -> None:
    (factor,) = [row for row in rows(tester, Factor) if row.method == "totp"]
    tester.clock.move(timedelta(minutes=1))
    client = inside(tester, seed)
    form = token(client.get("/account/factors/"))
    page = client.post(f"/account/factors/{factor.public_id}/remove/", data={"csrf_token": form})
    assert page.location == "/account/factors/"
    assert rows(tester, Factor) == []
    subjects = [mail["Subject"] for mail in tester.mails()]
    assert "A second step was removed from your account at Gatehouse" in subjects
    assert sign_in(tester.client()).location == "/admin/"


def test_mfa_06_a_factor_of_somebody_else_is_not_there(
    tester: GatehouseTester, seed: bytes
) -> None:
    (factor,) = [row for row in rows(tester, Factor) if row.method == "totp"]
    tester.add_user("mallory")
    client = tester.client()
    sign_in(client, "mallory")
    form = token(client.get("/account/"))
    for act in ("remove", "name"):
        path = f"/account/factors/{factor.public_id}/{act}/"
        assert client.post(path, data={"csrf_token": form, "name": "X"}).status_code == 404
    assert factor.public_id in {row.public_id for row in rows(tester, Factor)}


def test_a_view_asks_for_two_factors_or_for_one_of_its_own(
    tester: GatehouseTester, seed: bytes
) -> None:
    client = inside(tester, seed)
    assert client.get("/host/two/").text == "two factors"
    assert client.get("/host/app/").text == "lately by an app"
    assert client.get("/host/key/").location.startswith("/confirm/?by=passkey")
    tester.clock.move(timedelta(minutes=5))
    assert client.get("/host/two/").text == "two factors"
    wanted = client.get("/host/app/").location
    assert wanted.startswith("/confirm/?by=totp")
    assert client.post(
        wanted,
        data={"csrf_token": token(client.get(wanted)), "password": PASSWORD, "next": "/host/app/"},
    ).location.startswith("/second-step/")
    page = step(client, shown(tester, seed))
    assert page.location == "/host/app/"
    assert client.get("/host/app/").text == "lately by an app"
    assert tester.client().get("/host/two/").location.startswith("/login/")


def test_a_page_that_asks_for_two_factors_leads_who_has_one_to_set_one_up(
    tester: GatehouseTester,
) -> None:
    tester.add_user("alice")
    client = tester.client()
    sign_in(client)
    page = client.get("/host/two/")
    assert (page.status_code, page.location) == (303, "/account/factors/")
    assert "Set one up first" in client.get("/account/factors/").text
    assert who(client) == "alice"


def test_another_password_makes_no_second_step_fresh(tester: GatehouseTester, seed: bytes) -> None:
    client = inside(tester, seed)
    tester.clock.move(timedelta(minutes=4))
    page = send(client, "/account/password/", current=PASSWORD, new="nine loud kettles")
    assert page.location == "/account/"
    assert client.get("/host/two/").text == "two factors"
    tester.clock.move(timedelta(minutes=1))
    assert client.get("/host/app/").location.startswith("/confirm/")


def test_a_form_waits_while_both_factors_are_proven_again(
    tester: GatehouseTester, seed: bytes
) -> None:
    client = inside(tester, seed)
    (factor,) = [row for row in rows(tester, Factor) if row.method == "totp"]
    tester.clock.move(timedelta(minutes=6))
    sent = client.post(
        f"/account/factors/{factor.public_id}/name/",
        data={"csrf_token": token(client.get("/account/factors/")), "name": "Old phone"},
    )
    assert sent.status_code == 307
    again = {"csrf_token": token(client.get("/account/factors/")), "name": "Old phone"}
    asked = client.post(sent.location, data=again)
    fields = {
        "csrf_token": token(asked),
        "to": f"/account/factors/{factor.public_id}/name/",
        "carried.name": "Old phone",
        "password": PASSWORD,
    }
    assert client.post("/confirm/", data=fields).location.startswith("/second-step/")
    kept = step(client, shown(tester, seed))
    assert kept.status_code == 200
    assert 'value="Old phone"' in kept.text
    done = client.post(
        f"/account/factors/{factor.public_id}/name/",
        data={"csrf_token": token(kept), "name": "Old phone"},
    )
    assert done.location == "/account/factors/"
    assert "Old phone" in client.get("/account/factors/").text


# Limits, letters and cost


def test_asvs_6_3_5_a_right_password_with_a_wrong_step_is_told_once(
    tester: GatehouseTester, seed: bytes
) -> None:
    for _ in range(3):
        client = at_the_gate(tester)
        for _ in range(3):
            assert step(client, "000000").status_code == 401
    subjects = [mail["Subject"] for mail in tester.mails()]
    assert subjects.count("Somebody got past the first step at Gatehouse") == 1


def test_mfa_07_after_five_wrong_steps_the_sign_in_begins_anew(
    tester: GatehouseTester, seed: bytes
) -> None:
    client = at_the_gate(tester)
    form = token(client.get(CODE))
    for _ in range(4):
        assert step(client, "000000").status_code == 401
    assert step(client, "000000").location == "/login/"
    page = client.post(CODE, data={"csrf_token": form, "code": shown(tester, seed)})
    assert page.location == "/login/"
    assert who(client) == "nobody"


def test_thr_05_beginning_again_gives_an_account_no_more_tries(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, **UNLIMITED))
    site.add_user("alice")
    seed = with_app(site)
    answers = []
    for _ in range(4):
        client = at_the_gate(site)
        answers += [step(client, "000000").status_code for _ in range(4)]
    assert answers == [401] * 10 + [429] * 6
    late = step(at_the_gate(site), shown(site, seed))
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) <= 3600
    assert rows(site, Session) == []
    site.clock.move(timedelta(hours=1))
    assert step(at_the_gate(site), shown(site, seed)).status_code == 303


def test_pwd_12_no_password_is_kept_while_a_second_step_is_owed(
    tester: GatehouseTester, seed: bytes
) -> None:
    client = at_the_gate(tester)
    kept = str(walk.snapshot(tester))
    held = cookie(client, PENDING)
    assert held is not None
    (pending,) = rows(tester, PendingSignIn)
    for text in (kept, held, str(pending.wish)):
        for spelt in (PASSWORD, quote(PASSWORD), b64encode(PASSWORD.encode()).decode()):
            assert spelt not in text
    assert held not in kept


def test_asvs_6_5_6_a_factor_that_was_removed_is_worth_nothing_at_once(
    tester: GatehouseTester, seed: bytes
) -> None:
    other = with_app(tester, called="Tablet")
    waiting = at_the_gate(tester)
    client = inside(tester, other)
    factor = next(row for row in rows(tester, Factor) if row.name == "Phone")
    form = token(client.get("/account/factors/"))
    path = f"/account/factors/{factor.public_id}/remove/"
    assert client.post(path, data={"csrf_token": form}).location == "/account/factors/"
    assert step(waiting, shown(tester, seed)).status_code == 401
    assert who(waiting) == "nobody"
    (told,) = events(tester, "mfa.factor_removed")
    assert told.facts["factor"] == factor.public_id


def test_asvs_6_5_7_what_a_passkey_says_of_its_holder_counts_with_its_signature_only(
    tester: GatehouseTester,
) -> None:
    tester.add_user("alice")
    keeper = Authenticator(verifies=True)
    keepers.enrol(tester, keeper)
    for client, change in (
        (tester.client(), lambda draft: setattr(draft, "sign", lambda _said: b"signed")),
        (tester.client(), lambda draft: draft.leave_out("uv")),
    ):
        form = token(client.get("/login/passkey/"))
        asked = client.post("/login/passkey/options/", data={"csrf_token": form}).get_json()
        answer = keeper.get(asked, origin=keepers.ORIGIN, change=change)
        data = {"csrf_token": form, "credential": answer}
        assert client.post("/login/passkey/", data=data).status_code == 400
        assert who(client) == "nobody"
    words = re.compile("biometr|finger|face|iris|voice")
    columns = [column.name for table in Base.metadata.sorted_tables for column in table.columns]
    assert columns
    assert [name for name in columns if words.search(name)] == []


def test_reg_09_nobody_adds_a_factor_before_the_address_is_proven(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_REGISTRATION_MODE="open", **UNLIMITED))
    site.add_user("root", admin=True)
    client = site.client()
    fields = {"username": "newbie", "email": "newbie@example.org", "password": PASSWORD}
    assert send(client, "/register/", **fields).location == "/verify/"
    assert sign_in(client, "newbie").location.startswith("/verify/")
    form = token(client.get("/login/"))
    for path in ("authenticator/add/", "passkeys/add/", "recovery-codes/new/", "factors/"):
        page = client.post(f"/account/{path}", data={"csrf_token": form, "name": "Mine"})
        assert page.status_code in {303, 405} or page.status_code == 404, path
        assert not (page.location or "/login/").startswith("/account/")
    assert rows(site, Factor) == []


def test_mfa_07_strangers_use_up_their_own_tries_and_not_the_owners(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, **UNLIMITED))
    site.add_user("alice")
    seed = with_app(site)
    owner = inside(site, seed)
    owner.post("/logout/", data={"csrf_token": token(owner.get("/account/"))})
    answers = []
    for _ in range(4):
        stranger = at_the_gate(site)
        answers += [step(stranger, "000000").status_code for _ in range(3)]
    assert answers == [401] * 10 + [429] * 2
    sign_in(owner)
    assert step(owner, shown(site, seed)).status_code == 303
    assert who(owner) == "alice"


@contextmanager
def asked_of(tester: GatehouseTester) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(*told: object) -> None:
        sent.append(str(told[2]))

    engine = engine_of(tester.app)
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_page_costs_no_more_with_factors_than_without(
    tester: GatehouseTester, seed: bytes
) -> None:
    tester.add_user("mallory")
    client = inside(tester, seed)
    other = tester.client()
    sign_in(other, "mallory")
    counts = []
    for each in (client, other):
        each.get("/account/")
        with asked_of(tester) as sent:
            assert each.get("/account/").status_code == 200
        counts.append(len(sent))
    assert counts[0] == counts[1]
