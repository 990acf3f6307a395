"""Sessions: who is asking is a row on the server, and nothing else."""

import ast
import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

import flask_gatehouse
from flask_gatehouse import User
from flask_gatehouse.core import tokens
from flask_gatehouse.db.base import Base
from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.sessions import finding
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.security.conftest import HTTPS
from tests.security.walk import (
    FORM,
    REMEMBER,
    SESSION,
    ask,
    bare,
    change_password,
    engine_of,
    events,
    handle_like,
    invitation_for,
    people,
    remembering,
    routes,
    session_rows,
    set_cookies,
    snapshot,
    who,
    with_cookies,
)
from tests.tap import tapped

#: Long, unlike every name, and not the usual one.
ANOTHER = "nine patient otters swim"


def copied(tester: GatehouseTester, client: FlaskClient) -> dict[str, str | None]:
    return {name: forms.cookie(client, name) for name in (SESSION, REMEMBER)}


def by_form(tester: GatehouseTester, *, remember: bool = False) -> FlaskClient:
    client = tester.client()
    forms.sign_in(client, **({"remember": "y"} if remember else {}))
    return client


def log_out_by_form(client: FlaskClient) -> None:
    forms.send(client, "/logout/")


def log_out_by_link(client: FlaskClient) -> None:
    client.get("/logout/", headers={"Sec-Fetch-Site": "same-origin"})


@pytest.mark.parametrize("leave", [log_out_by_form, log_out_by_link])
def test_ses_02_copies_of_every_cookie_die_with_the_logout(
    site: GatehouseTester, leave: Callable[[FlaskClient], None]
) -> None:
    site.add_user("alice", admin=True)
    client = by_form(site, remember=True)
    copy = copied(site, client)
    assert all(copy.values())

    leave(client)

    for name, value in copy.items():
        thief = with_cookies(site, **{name: value})
        for route in routes(site.app):
            for method in route.methods & {"GET", "HEAD"}:
                page = ask(thief, route.path, method)
                stranger = ask(site.client(), route.path, method)
                assert page.status_code == stranger.status_code, (name, route)
                assert page.location == stranger.location, (name, route)
    assert session_rows(site) == 0


def by_command(tester: GatehouseTester, user: User) -> None:
    runner = tester.app.test_cli_runner()
    done = runner.invoke(
        args=["gatehouse", "users", "set-password", "alice", "--password-stdin"], input=ANOTHER
    )
    assert done.exit_code == 0, done.output


def by_invitation(tester: GatehouseTester, user: User) -> None:
    client = tester.client()
    client.get(invitation_for(tester, user))
    assert forms.send(client, "/invitation/", password=ANOTHER).status_code == 303


def by_model(tester: GatehouseTester, user: User) -> None:
    with tester.app.app_context(), tester.work() as work:
        users.by_id(work.db, user.id).set_password(ANOTHER)


def by_end_sessions(tester: GatehouseTester, user: User) -> None:
    done = tester.app.test_cli_runner().invoke(args=["gatehouse", "users", "end-sessions", "alice"])
    assert done.exit_code == 0, done.output


def by_suspension(tester: GatehouseTester, user: User) -> None:
    done = tester.app.test_cli_runner().invoke(args=["gatehouse", "users", "suspend", "alice"])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("change", [by_command, by_invitation, by_model])
def test_ses_03_a_new_password_ends_every_session_and_every_link(
    site: GatehouseTester, change: Callable[[GatehouseTester, User], None]
) -> None:
    user = site.add_user()
    one, two = by_form(site), by_form(site)
    back = remembering(site, user)
    other = site.client()
    other.get(invitation_for(site, user))
    assert [who(one), who(two), who(back)] == ["alice"] * 3

    change(site, user)

    assert [who(one), who(two), who(back)] == ["nobody"] * 3
    # The invitation that was made before is void as well, whichever of them it was.
    assert other.get("/invitation/").status_code == 409
    assert forms.sign_in(site.client()).status_code == 401
    assert forms.sign_in(site.client(), password=ANOTHER).status_code == 303


def test_ses_03_a_sign_in_with_the_old_password_does_not_outlive_its_change(
    site: GatehouseTester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password is changed while the old one is being hashed."""
    site.app.extensions["gatehouse"].house.part(Hashes).pool.size = 4
    site.add_user()
    client = site.client()
    token = forms.token(client.get("/login/"))

    with while_hashing(monkeypatch, lambda: change_password(site, "alice", ANOTHER)):
        client.post(
            "/login/", data={"csrf_token": token, "username": "alice", "password": PASSWORD}
        )

    assert who(client) == "nobody"


@contextmanager
def while_hashing(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> Iterator[None]:
    """Let something else happen in the middle of the next hash: the library is where time goes."""
    from argon2 import low_level  # noqa: PLC0415 - what is slowed down here

    real = low_level.hash_secret_raw
    pending = [act]

    def slow(*given: Any, **named: Any) -> bytes:
        if pending:
            other = threading.Thread(target=pending.pop())
            other.start()
            other.join()
        return real(*given, **named)

    monkeypatch.setattr(low_level, "hash_secret_raw", slow)
    yield
    assert not pending, "nothing was hashed"


@pytest.mark.parametrize("end", [by_end_sessions, by_suspension])
def test_ses_07_nothing_is_cached_once_a_session_was_ended(
    site: GatehouseTester, end: Callable[[GatehouseTester, User], None]
) -> None:
    user = site.add_user()
    client, back = by_form(site), remembering(site, user)
    token = forms.token(client.get("/account/"))
    assert [who(client), who(back)] == ["alice", "alice"]

    end(site, user)

    assert [who(client), who(back)] == ["nobody", "nobody"]
    # A browser may still hand in its own dead session; nothing else comes of it.
    before = snapshot(site, without=("gatehouse_session",))
    assert client.post("/logout/", data={"csrf_token": token}).status_code in {303, 400}
    assert snapshot(site, without=("gatehouse_session",)) == before


def test_ses_07_a_session_is_looked_up_at_every_request(site: GatehouseTester) -> None:
    client = site.client(site.add_user())
    assert who(client) == "alice"
    with site.work() as work:
        work.db.execute(Session.__table__.delete())  # type: ignore[attr-defined]
    assert who(client) == "nobody"


def attributes(line: str) -> tuple[str, dict[str, str]]:
    head, *rest = [part.strip() for part in line.split(";")]
    pairs = (part.partition("=") for part in rest)
    return head.partition("=")[0], {key.lower(): value for key, _, value in pairs}


def everything_that_sets_a_cookie(tester: GatehouseTester, base: str) -> list[str]:
    user = tester.add_user("alice", email="alice@example.org")
    client = tester.client()
    lines: list[str] = []

    def note(page: Any) -> Any:
        lines.extend(page.headers.getlist("Set-Cookie"))
        return page

    note(client.get(f"{base}/admin/"))
    token = forms.token(note(client.get(f"{base}/login/")))
    entry = {"csrf_token": token, "username": "alice", "password": PASSWORD, "remember": "y"}
    assert note(client.post(f"{base}/login/", data=entry)).status_code == 303
    token = forms.token(note(client.get(f"{base}/account/")))
    note(client.post(f"{base}/logout/", data={"csrf_token": token}))
    note(client.get(base + invitation_for(tester, user)))
    token = forms.token(note(client.get(f"{base}/invitation/")))
    chosen = {"csrf_token": token, "password": ANOTHER}
    assert note(client.post(f"{base}/invitation/", data=chosen)).status_code == 303
    return lines


def test_ses_11_every_cookie_is_strict_over_https(https: GatehouseTester) -> None:
    names = set()
    for line in everything_that_sets_a_cookie(https, HTTPS):
        name, about = attributes(line)
        names.add(name)
        assert name.startswith("__Host-"), line
        assert "secure" in about, line
        assert "httponly" in about, line
        assert about["samesite"] in {"Lax", "Strict"}, line
        assert about["path"] == "/", line
        assert "domain" not in about, line
    assert len(names) == 5


def test_ses_11_without_https_only_secure_is_missing(patient: GatehouseTester) -> None:
    for line in everything_that_sets_a_cookie(patient, ""):
        name, about = attributes(line)
        assert name.startswith("gatehouse"), line
        assert "httponly" in about, line
        assert about["samesite"] == "Lax", line
        assert about["path"] == "/", line
        assert "domain" not in about, line


def cookie_header(tester: GatehouseTester, header: str) -> str:
    page = bare(tester).get("/account/", environ_overrides={"HTTP_COOKIE": header})
    if page.status_code == 302:
        return "nobody"
    return "alice" if ">alice<" in page.text else "bob" if ">bob<" in page.text else page.status


def test_ses_12_cookies_of_the_same_name_never_make_somebody_else(site: GatehouseTester) -> None:
    mine = forms.cookie(site.client(site.add_user("alice")), SESSION)
    theirs = forms.cookie(site.client(site.add_user("bob")), SESSION)
    junk = ("x", "", '""', handle_like(), "gh1s..", "=")
    for other in junk:
        first = cookie_header(site, f"{SESSION}={mine}; {SESSION}={other}")
        last = cookie_header(site, f"{SESSION}={other}; {SESSION}={mine}")
        assert {first, last} <= {"alice", "nobody"}
    assert cookie_header(site, f"={SESSION}={theirs}; {SESSION}={mine}") in {"alice", "nobody"}
    assert cookie_header(site, f"=={SESSION}={theirs}") == "nobody"
    assert cookie_header(site, f"={SESSION}={theirs}") == "nobody"
    assert cookie_header(site, f'{SESSION}="{mine}') in {"alice", "nobody"}
    assert cookie_header(site, f"{SESSION.upper()}={theirs}") == "nobody"
    assert cookie_header(site, f"x={SESSION}={theirs}") == "nobody"


def test_ses_12_a_cookie_without_the_prefix_is_none_over_https(https: GatehouseTester) -> None:
    https.add_user()
    client = https.client()
    page = forms.sign_in(client, path=f"{HTTPS}/login/")
    (line,) = [
        line for line in page.headers.getlist("Set-Cookie") if line.startswith("__Host-gatehouse=")
    ]
    value = line.partition("=")[2].partition(";")[0]
    for name in ("gatehouse", "Host-gatehouse", "__Secure-gatehouse", "__host-gatehouse"):
        header = {"HTTP_COOKIE": f"{name}={value}"}
        page = bare(https).get(f"{HTTPS}/account/", environ_overrides=header)
        assert page.status_code == 302, name


def test_ses_13_an_idle_session_is_over_on_the_server(site: GatehouseTester) -> None:
    site.add_user()
    client = by_form(site)
    for _ in range(5):
        site.clock.move(timedelta(minutes=59))
        assert who(client) == "alice"
    copy = with_cookies(site, **copied(site, client))
    site.clock.move(timedelta(minutes=60))
    assert who(copy) == "nobody"


@pytest.mark.parametrize("days", [1, 30])
def test_ses_13_activity_never_outlives_the_absolute_limit(
    site: GatehouseTester, days: int
) -> None:
    user = site.add_user()
    client = remembering(site, user) if days == 30 else site.client(user)
    step = timedelta(days=days) / 30
    for _ in range(29):
        site.clock.move(step)
        assert who(client) == "alice"
    site.clock.move(step)
    assert who(client) == "nobody"


def test_ses_13_a_remembered_browser_is_forgotten_when_it_does_not_come_back(
    site: GatehouseTester,
) -> None:
    client = remembering(site, site.add_user())
    site.clock.move(timedelta(days=13, hours=23))
    assert who(client) == "alice"
    site.clock.move(timedelta(days=14, seconds=1))
    assert who(client) == "nobody"


def test_ses_14_strangers_make_no_row_and_get_no_session(site: GatehouseTester) -> None:
    paths = [route.path for route in routes(site.app) if route.endpoint != LINK_PAGE]
    before = snapshot(site)
    for number in range(200):
        client = with_cookies(
            site,
            **{SESSION: handle_like(), REMEMBER: handle_like(), FORM: tokens.new_secret()},
        )
        method = "POST" if number % 4 == 0 else "GET"
        page = ask(client, paths[number % len(paths)], method)
        assert not {SESSION, REMEMBER} & set(set_cookies(page)) or page.status_code == 303
    assert snapshot(site) == before


#: Every visit is an attempt on a link, so it is counted, in a row that ends with its window.
LINK_PAGE = "gatehouse.passwords.invitation"


def test_ses_14_logging_out_as_nobody_makes_no_row(site: GatehouseTester) -> None:
    before = snapshot(site)
    for _ in range(20):
        client = with_cookies(site, **{SESSION: handle_like()})
        page = forms.send(client, "/logout/")
        assert page.status_code == 303
        client.get("/logout/", headers={"Sec-Fetch-Site": "none"})
    assert snapshot(site) == before


def test_ses_15_a_shared_browser_never_shows_the_person_before(site: GatehouseTester) -> None:
    site.add_user("alice")
    site.add_user("bob")
    client = by_form(site)
    old = forms.cookie(client, SESSION)
    client.delete_cookie(SESSION)
    page = forms.send(client, "/logout/")
    assert SESSION in set_cookies(page)

    forms.sign_in(client, "bob")
    assert who(client) == "bob"
    new = forms.cookie(client, SESSION)
    assert new != old

    assert old is not None
    client.set_cookie(SESSION, old)
    token = forms.token(client.get("/account/"))
    client.set_cookie(SESSION, new or "")
    # What was fetched as one person is worth nothing as the other.
    assert client.post("/logout/", data={"csrf_token": token}).status_code == 400
    assert who(client) == "bob"


def test_ses_15_handles_never_come_again(patient: GatehouseTester) -> None:
    user = patient.add_user()
    seen = {forms.cookie(patient.client(user), SESSION) for _ in range(100)}
    assert len(seen) == 100


def test_ses_16_nothing_is_read_that_could_run() -> None:
    forbidden = {"pickle", "cPickle", "marshal", "shelve", "dill", "yaml", "jsonpickle"}
    found = []
    root = Path(flask_gatehouse.__file__).parents[1]
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names = [node.func.id]
            bad = forbidden | {"eval", "exec"}
            found += [(path.name, name) for name in names if name.partition(".")[0] in bad]
    assert found == []


def crafted(tester: GatehouseTester, good: str) -> list[str]:
    claims = {"_user_id": str(tester.add_user("bob").id), "user_id": 1, "_fresh": True}
    as_json = json.dumps(claims)
    as_base64 = base64.urlsafe_b64encode(as_json.encode()).decode().rstrip("=")
    mark, key_id, secret = good.split(".")
    other = Flask("other", root_path=".")
    other.secret_key = tokens.new_secret()
    serializer = other.session_interface.get_signing_serializer(other)  # type: ignore[attr-defined]
    return [
        good[:-1],
        good[1:],
        good + "A",
        good.upper(),
        good.swapcase(),
        good.replace(".", ":"),
        f"{mark}.{'0' * 8}.{secret}",
        f"gh2s.{key_id}.{secret}",
        f"{mark}..{secret}",
        f"{mark}.{key_id}.{secret[::-1]}",
        f"{mark}.{key_id}.{secret[:-1]}{'B' if secret[-1] != 'B' else 'C'}",
        f"{mark}.{key_id}.{secret[:-1]}=",
        quote(good, safe="").replace(".", "%2E"),
        as_json,
        quote(as_json),
        as_base64,
        f"{as_base64}.aaaaaa.{'b' * 27}",
        str(serializer.dumps(claims)),
        "gASVKAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu",
        "bob",
        "1",
        "true",
        "*",
        "' OR 1=1 --",
    ]


def test_ses_17_whatever_fails_to_verify_is_nobody(site: GatehouseTester) -> None:
    client = site.client(site.add_user("alice"))
    good = forms.cookie(client, SESSION) or ""
    for value in crafted(site, good):
        for name in (SESSION, REMEMBER, FORM, "session", "remember_token"):
            forged = with_cookies(site, **{name: value})
            assert who(forged) == "nobody", (name, value)
            assert forged.get("/").status_code == 200
            assert forged.get("/login/").status_code == 200


def test_ses_17_a_session_of_flask_login_proves_nothing(site: GatehouseTester) -> None:
    user = site.add_user()
    client = site.client()
    for name in ("_user_id", "user_id", "_id", "_fresh"):
        with client.session_transaction() as kept:
            kept[name] = str(user.id)
    assert who(client) == "nobody"


def test_ses_18_a_stolen_database_opens_no_door(site: GatehouseTester) -> None:
    user = site.add_user("alice", email="alice@example.org")
    site.client(user)
    remembering(site, user)
    invitation_for(site, user)
    key = site.app.extensions["gatehouse"].house.keys.newest(finding.PURPOSE).id
    found = set()
    with engine_of(site.app).connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(select(table)):
                found |= {spelling for value in row for spelling in spellings(value)}
    assert len(found) > 30
    for value in found:
        for handle in (value, f"gh1s.{key}.{value}"):
            for name in (SESSION, REMEMBER):
                thief = with_cookies(site, **{name: quote(handle, safe=".-_")})
                assert thief.get("/account/").status_code == 302, (name, handle)
        thief = with_cookies(site, gatehouse_invitation=quote(value, safe=".-_"))
        assert thief.get("/invitation/").status_code in {409, 429}


def spellings(value: object) -> set[str]:
    if isinstance(value, bytes):
        plain = base64.urlsafe_b64encode(value).decode()
        return {value.hex(), plain, plain.rstrip("=")}
    return set() if value is None else {str(value)[:512]}


def test_ses_19_every_answer_names_whoever_asked(site: GatehouseTester) -> None:
    names = [f"person{number:02}" for number in range(12)]
    clients = {name: site.client(site.add_user(name)) for name in names}
    wrong: list[tuple[str, str]] = []
    start = threading.Barrier(len(names))

    def look(name: str) -> None:
        start.wait()
        for _ in range(15):
            seen = who(clients[name])
            if seen != name:
                wrong.append((name, seen))

    threads = [threading.Thread(target=look, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_ses_22_what_cannot_be_a_handle_asks_the_database_nothing(site: GatehouseTester) -> None:
    values = ["", '""', " ", '" "', "x" * 10240, "caf\xe9", "\xff\xfe", "gh1s.x.y", "\0", "null"]
    values += [f"gh1s.00000000.{tokens.new_secret()}", "gh1s." + "." * 51, "a" * 57]
    site.client().get("/account/")
    for value in values:
        header = f"{SESSION}={value}; {REMEMBER}={value}"
        with statements(site) as asked:
            page = bare(site).get("/account/", environ_overrides={"HTTP_COOKIE": header})
        assert page.status_code == 302, value
        assert asked == [], value


def test_ses_22_a_link_that_cannot_be_one_is_refused_before_any_lookup(
    site: GatehouseTester,
) -> None:
    site.client().get("/invitation/" + "A" * 42 + "8/", follow_redirects=True)
    before = snapshot(site)
    for value in ("", "x", "caf\xe9", "x" * 3000, "A" * 42, "A" * 44):
        header = {"HTTP_COOKIE": f"gatehouse_invitation={value}"}
        page = bare(site).get("/invitation/", environ_overrides=header)
        assert page.status_code == 409, value
    assert snapshot(site)["gatehouse_throttle"] == before["gatehouse_throttle"]
    assert len(events(site, "proofs.refused")) == 1


@contextmanager
def statements(tester: GatehouseTester) -> Iterator[list[str]]:
    """Collect everything that reaches the database."""
    asked: list[str] = []
    with tapped(engine_of(tester.app), asked.append):
        yield asked


def test_ses_22_the_look_up_of_a_real_session_is_seen(site: GatehouseTester) -> None:
    client = site.client(site.add_user())
    with statements(site) as asked:
        assert who(client) == "alice"
    assert len([each for each in asked if "gatehouse_session" in each]) == 1


def test_ses_02_a_planted_handle_is_worth_nothing_after_the_sign_in(site: GatehouseTester) -> None:
    site.add_user("alice")
    thief = site.client(site.add_user("thief"))
    planted = forms.cookie(thief, SESSION) or ""
    for value in (planted, handle_like()):
        victim = with_cookies(site, **{SESSION: value})
        forms.send(victim, "/logout/") if value == planted else None
        victim.set_cookie(SESSION, value)
        forms.sign_in(victim)
        assert who(victim) == "alice"
        assert forms.cookie(victim, SESSION) != value
        assert who(with_cookies(site, **{SESSION: value})) == "nobody"


def test_ses_13_whatever_the_browser_says_about_time_counts_for_nothing(
    site: GatehouseTester,
) -> None:
    client = site.client(site.add_user())
    site.clock.move(timedelta(hours=2))
    headers = {"Date": "Mon, 15 Jun 2026 12:00:00 GMT", "If-Modified-Since": "0"}
    assert client.get("/account/", headers=headers).status_code == 302


def test_ses_22_no_page_needs_more_than_one_question_to_know_who_asks(
    patient: GatehouseTester,
) -> None:
    for kind, client in people(patient).items():
        with statements(patient) as asked:
            client.get("/account/")
        found = [each for each in asked if "gatehouse_session" in each and "SELECT" in each]
        assert len(found) == (0 if kind == "anonymous" else 1), kind


DEVICES = "/account/devices/"


def device_of(client: FlaskClient) -> str:
    """Return the id of the device that asks, which stands first."""
    found = re.search(rf"{DEVICES}([\w-]+)/name/", client.get(DEVICES).text)
    assert found is not None
    return found[1]


def press(client: FlaskClient, path: str) -> TestResponse:
    """Send a form of the list of devices."""
    token = forms.token(client.get(DEVICES))
    return client.post(DEVICES + path, data={"csrf_token": token, "name": "x"})


def test_ses_08_the_list_of_devices_shows_no_handle(site: GatehouseTester) -> None:
    client = site.client()
    site.sign_in(client, site.add_user(), remember=True)
    page = client.get(DEVICES).text
    with site.work() as work:
        kept = work.db.scalars(select(Session)).all()
    secrets = [row.digest.hex() for row in kept] + [row.public_id for row in kept]
    secrets += [(value or "").rsplit(".", 1)[1] for value in copied(site, client).values()]
    for secret in secrets:
        assert not any(secret[at : at + 9] in page for at in range(len(secret) - 8))


@pytest.mark.parametrize("action", ["end", "name"])
def test_ses_09_only_its_owner_ends_or_names_a_session(site: GatehouseTester, action: str) -> None:
    alice = site.client(site.add_user("alice"))
    bob = site.client(site.add_user("bob", admin=True))
    wanted, before = device_of(alice), snapshot(site)
    assert press(bob, f"{wanted}/{action}/").status_code == 404
    assert who(alice) == "alice"
    assert snapshot(site) == before


def test_ses_21_without_a_recent_proof_nobody_ends_a_session(site: GatehouseTester) -> None:
    user = site.add_user()
    other = site.client(user)
    wanted = device_of(other)
    stale, remembered = site.client(user), remembering(site, user)
    site.clock.move(timedelta(minutes=5))
    for client in (stale, remembered):
        for path in ("end-others/", f"{wanted}/end/"):
            assert press(client, path).location.startswith("/confirm/")
    assert who(other) == "alice"
