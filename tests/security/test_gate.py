"""The gate under attack: what is carried through it, and what meets in it."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, request
from flask_login import confirm_login, login_user
from flask_sqlalchemy import SQLAlchemy

from flask_gatehouse import Gatehouse, User, fresh
from flask_gatehouse.features.login import pending as pendings
from flask_gatehouse.features.login.models import PendingSignIn
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.recovery_codes import service as recovery_codes
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import NotAsItWas
from flask_gatehouse.testing import GatehouseTester, Work, settings_for_tests
from tests.conftest import MakeSite
from tests.features.totp.apps import shown, with_app
from tests.forms import cookie, send, sign_in, token
from tests.security.walk import OPENED, UNLIMITED, events, rows, who

CODE = "/second-step/code/"
PENDING = "gatehouse_pending"


def with_host(app: Flask) -> GatehouseTester:
    """Return a site with a host's own way in, and a page that wants a proof of just now."""
    tester = GatehouseTester(app)

    def enter() -> str:
        with tester.work() as work:
            user = users.named(work.db, "alice")
        return str(login_user(user, fresh=request.args["fresh"] == "yes"))

    def confirm() -> str:
        confirm_login()
        return "confirmed"

    @fresh()
    def lately() -> str:
        return "lately"

    app.add_url_rule("/host/login/", "host_login", enter, methods=["POST"])
    app.add_url_rule("/host/confirm/", "host_confirm", confirm, methods=["POST"])
    app.add_url_rule("/host/lately/", "host_lately", lately)
    return tester


@pytest.fixture
def tester(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    return with_host(make_site(sqlite_url, **UNLIMITED))


@pytest.mark.parametrize("said", ["yes", "no"])
def test_a_host_that_asked_nobody_lately_has_no_fresh_session_after_the_second_step(
    tester: GatehouseTester, said: str
) -> None:
    tester.add_user("alice")
    seed = with_app(tester)
    client = tester.client()
    assert client.post(f"/host/login/?fresh={said}").location.startswith("/second-step/")
    assert send(client, CODE, code=shown(tester, seed)).status_code == 303
    assert who(client) == "alice"
    (session,) = rows(tester, Session)
    assert (session.proven_at is not None) is (said == "yes")
    assert (client.get("/host/lately/").status_code == 200) is (said == "yes")


def test_a_factor_has_one_address_and_no_longer_one(tester: GatehouseTester) -> None:
    tester.add_user("alice")
    seed = with_app(tester)
    client = tester.client()
    sign_in(client)
    send(client, CODE, code=shown(tester, seed))
    (factor,) = [row for row in rows(tester, Factor) if row.method == "totp"]
    page = client.post(
        f"/account/factors/{factor.public_id}-and-more/name/",
        data={"csrf_token": token(client.get("/account/factors/")), "name": "Mine"},
    )
    assert page.status_code == 404
    assert events(tester, "mfa.factor_renamed") == []


@pytest.mark.parametrize("database_url", ["postgres", "mariadb"], indirect=True)
def test_a_second_step_and_a_confirmation_in_two_tabs_do_not_wait_in_a_circle(
    make_site: MakeSite, database_url: str
) -> None:
    site = with_host(make_site(database_url, **UNLIMITED, **OPENED))
    alice = site.add_user("alice")
    seed = with_app(site)
    client = site.client()
    sign_in(client)
    assert send(client, CODE, code=shown(site, seed)).status_code == 303
    assert client.post("/host/confirm/").location.startswith("/second-step/")
    held = cookie(client, PENDING) or ""
    answers = []
    with site.app.app_context(), site.work() as work:
        # One tab has the account, as a second step does, and is about to use the pending row up.
        users.hold(work, user_id=alice.id)
        other = threading.Thread(target=lambda: answers.append(client.post("/host/confirm/")))
        other.start()
        time.sleep(1)
        pendings.forget(work, value=held)
    other.join(timeout=60)
    assert [page.status_code for page in answers] == [303]
    assert len(rows(site, PendingSignIn)) == 1


def test_what_one_person_has_pending_confirms_no_session_of_another(
    tester: GatehouseTester,
) -> None:
    tester.add_user("alice")
    tester.add_user("mallory")
    seed, theirs = with_app(tester), with_app(tester, "mallory")
    mallory, alice = tester.client(), tester.client()
    for client, name, their in ((mallory, "mallory", theirs), (alice, "alice", seed)):
        sign_in(client, name)
        send(client, CODE, code=shown(tester, their))
    tester.clock.move(timedelta(minutes=6))
    before = cookie(alice)
    assert mallory.post("/host/confirm/").location.startswith("/second-step/")
    alice.set_cookie(PENDING, cookie(mallory, PENDING) or "")
    assert send(alice, CODE, code=shown(tester, theirs)).location == "/login/"
    assert cookie(alice) == before
    assert alice.get("/host/lately/").location.startswith("/confirm/")
    # Nor does it open one where nobody is signed in.
    stranger = tester.client()
    form = token(stranger.get("/login/"))
    stranger.set_cookie(PENDING, cookie(mallory, PENDING) or "")
    page = stranger.post(CODE, data={"csrf_token": form, "code": shown(tester, theirs)})
    assert page.location == "/login/"
    assert who(stranger) == "nobody"
    # And it is good still for whom it was begun: nothing was used up.
    assert send(mallory, CODE, code=shown(tester, theirs)).status_code == 303
    assert mallory.get("/host/lately/").text == "lately"


@pytest.mark.parametrize("ends", ["signing out", "ended elsewhere", "suspended"])
def test_a_confirmation_that_is_half_done_ends_with_its_session(
    tester: GatehouseTester, ends: str
) -> None:
    alice = tester.add_user("alice")
    seed = with_app(tester)
    client = tester.client()
    sign_in(client)
    send(client, CODE, code=shown(tester, seed))
    tester.clock.move(timedelta(minutes=1))
    assert client.post("/host/confirm/").location.startswith("/second-step/")
    held = cookie(client, PENDING) or ""
    if ends == "signing out":
        client.post("/logout/", data={"csrf_token": token(client.get("/account/"))})
        assert rows(tester, PendingSignIn) == []
    elif ends == "ended elsewhere":
        with tester.work() as work:
            sessions.end_all_but(work, user_id=alice.id, public_id=None)
    else:
        with tester.work() as work:
            users.suspend(work, user=users.by_id(work.db, alice.id))
    form = token(client.get("/login/"))
    client.set_cookie(PENDING, held)
    page = client.post(CODE, data={"csrf_token": form, "code": shown(tester, seed)})
    assert page.location == "/login/"
    assert who(client) == "nobody"


def test_slow_guesses_at_the_second_step_end_until_the_owner_comes(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = with_host(make_site(sqlite_url, GATEHOUSE_LOGIN_STEP_FAILURES="6/30d", **UNLIMITED))
    site.add_user("alice")
    seed = with_app(site)
    site.clock.move(timedelta(minutes=1))
    owner = site.client()
    sign_in(owner)
    assert send(owner, CODE, code=shown(site, seed)).status_code == 303
    owner.post("/logout/", data={"csrf_token": token(owner.get("/account/"))})

    def guess() -> int:
        # Slow enough for every limit of an hour.
        site.clock.move(timedelta(hours=2))
        stranger = site.client()
        sign_in(stranger)
        return send(stranger, CODE, code="000000").status_code

    assert [guess() for _ in range(8)] == [401] * 6 + [429] * 2
    sign_in(owner)
    assert send(owner, CODE, code=shown(site, seed)).status_code == 303
    assert guess() == 401


@pytest.mark.parametrize("around", ["nothing", "the host's block", "a unit of work"])
@pytest.mark.parametrize("act", ["login", "confirm"])
def test_whoever_is_held_in_a_hosts_transaction_still_comes_to_the_gate(
    sqlite_url: str, tmp_path: Path, around: str, act: str
) -> None:
    app = Flask("host", root_path=str(tmp_path))
    app.config.update(settings_for_tests(tmp_path), SQLALCHEMY_DATABASE_URI=sqlite_url)
    app.config.update(UNLIMITED)
    db = SQLAlchemy(app)
    Gatehouse(app, db)
    site = GatehouseTester(app)
    with app.app_context():
        alice = site.add_user("alice")
        seed = with_app(site)
    site.clock.move(timedelta(minutes=1))
    blocks: dict[str, Callable[[], AbstractContextManager[object]]] = {
        "nothing": nullcontext,
        "the host's block": db.session.begin,
        "a unit of work": Gatehouse.unit_of_work,
    }

    def enter() -> str:
        with blocks[around]():
            login_user(db.session.get(User, alice.id))
        return "in"

    def confirm() -> str:
        with blocks[around]():
            confirm_login()
        return "confirmed"

    app.add_url_rule("/host/login/", "host_login", enter, methods=["POST"])
    app.add_url_rule("/host/confirm/", "host_confirm", confirm, methods=["POST"])
    client = site.client()
    if act == "confirm":
        sign_in(client)
        send(client, CODE, code=shown(site, seed))
        site.clock.move(timedelta(minutes=1))
    assert client.post(f"/host/{act}/").location.startswith("/second-step/")
    with app.app_context():
        assert len(rows(site, PendingSignIn)) == 1
    assert send(client, CODE, code=shown(site, seed)).status_code == 303
    assert who(client) == "alice"
    with app.app_context():
        assert rows(site, PendingSignIn) == []
        db.session.remove()
        db.engine.dispose()


def of_the_session(work: Work, site: GatehouseTester, methods: str) -> None:
    """Let the work be asked for by the session that was proven so."""
    public_id = next(row.public_id for row in rows(site, Session) if row.methods == methods)
    work.origin = replace(work.origin, session_id=public_id)


@pytest.mark.parametrize("meanwhile", ["a factor", "the end"])
@pytest.mark.parametrize("act", ["add", "renew", "remove"])
def test_what_happens_after_the_page_looked_at_the_session_counts(
    site: GatehouseTester, meanwhile: str, act: str
) -> None:
    alice = site.add_user("alice")
    client = site.client()
    sign_in(client)
    with site.work() as work:
        of_the_session(work, site, "password")
        origin = work.origin
    with site.work() as work:
        factor = mfa.write(work, user_id=alice.id, method="totp", name="Phone").public_id
    if meanwhile == "the end":
        with site.work() as work:
            # As the first factor does: the account itself stays as it was.
            sessions.end_all_but(work, user_id=alice.id, public_id=None)
    before = {row.public_id for row in rows(site, Factor)}
    acts: dict[str, Callable[[Work], object]] = {
        "add": lambda work: mfa.add(work, user=alice, method="totp", name="Mine"),
        "renew": lambda work: recovery_codes.renew(work, user=alice),
        "remove": lambda work: mfa.remove(work, user=alice, factor=factor),
    }

    def late() -> None:
        with site.work() as work:
            work.origin = origin
            acts[act](work)

    with pytest.raises(NotAsItWas):
        late()
    assert {row.public_id for row in rows(site, Factor)} == before
