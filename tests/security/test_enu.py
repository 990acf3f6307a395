"""Whether somebody has an account is told to nobody who has not proven to be them."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.passwords.models import Password
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.security.walk import (
    UNLIMITED,
    change_password,
    engine_of,
    hashes_done,
    invitation_for,
    routes,
    suspend,
)

WRONG = "an entirely wrong phrase"

#: What somebody without rights may try, and what each account is like.
STATES: dict[str, tuple[str, str]] = {
    "unknown": ("nobody-here", WRONG),
    "wrong": ("known", WRONG),
    "no password": ("invited", PASSWORD),
    "suspended, right": ("suspended", PASSWORD),
    "suspended, wrong": ("suspended", WRONG),
    "foreign hash, wrong": ("imported", WRONG),
    "broken hash": ("broken", PASSWORD),
    "address, unknown": ("nobody-here@example.org", WRONG),
    "address, wrong": ("known@example.org", WRONG),
    "stopped, right": ("stopped", PASSWORD),
    "stopped, wrong": ("stopped", WRONG),
    "no possible name": ("no one\N{ZERO WIDTH SPACE}", WRONG),
    "no possible address": ("a@b@c", WRONG),
}


def with_every_state(tester: GatehouseTester) -> GatehouseTester:
    tester.add_user("known", email="known@example.org")
    tester.add_user("invited", password=None)
    tester.add_user("suspended")
    tester.add_user("imported")
    tester.add_user("broken")
    tester.add_user("stopped", email="stopped@example.org")
    suspend(tester, "suspended")
    for name, encoded in (
        ("imported", generate_password_hash(PASSWORD, "scrypt:2048:8:1")),
        ("broken", "$argon2id$v=19$m=8,t=1,p=1$!!!"),
    ):
        with tester.work() as work:
            row = work.db.get(Password, users.named(work.db, name).id)
            assert row is not None
            row.encoded = encoded
    with tester.work() as work:
        row = work.db.get(Password, users.named(work.db, "stopped").id)
        assert row is not None
        row.failures = 100
    return tester


def normalised(page: TestResponse, name: str) -> tuple[object, ...]:
    """Return all of an answer but what is random and what was typed."""
    text = re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", page.text)
    text = text.replace(f'value="{name}"', 'value=""')
    headers = sorted(
        (key, "" if key in {"Set-Cookie", "Content-Length"} else value)
        for key, value in page.headers
    )
    cookies = sorted(line.partition("=")[0] for line in page.headers.getlist("Set-Cookie"))
    return page.status, text, headers, cookies


def attempt(tester: GatehouseTester, state: str) -> tuple[object, ...]:
    name, password = STATES[state]
    return normalised(forms.sign_in(tester.client(), name, password), name)


def test_enu_01_every_refusal_is_the_same(site: GatehouseTester) -> None:
    with_every_state(site)
    answers = {state: attempt(site, state) for state in STATES}
    expected = answers["unknown"]
    assert expected[0] == "401 UNAUTHORIZED"
    assert {state for state, answer in answers.items() if answer != expected} == set()


def test_enu_01_being_made_to_wait_is_the_same(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_THROTTLING_NAME_AND_NETWORK="2/15m"))
    with_every_state(site)
    answers: dict[str, tuple[object, ...]] = {}
    for state, (name, password) in STATES.items():
        # Each from a network of its own, so that only the name is counted.
        address = f"192.0.2.{len(answers) + 1}"
        client = site.client()
        client.environ_base["REMOTE_ADDR"] = address
        for _ in range(3):
            page = forms.sign_in(client, name, password)
        answers[state] = normalised(page, name)
    expected = answers["unknown"]
    assert expected[0] == "429 TOO MANY REQUESTS"
    assert {state for state, answer in answers.items() if answer != expected} == set()


def test_enu_01_a_name_that_waits_everywhere_waits_alike(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_THROTTLING_ACCOUNT="2/1h"))
    with_every_state(site)
    answers: dict[str, list[tuple[object, ...]]] = {}
    for number, (state, (name, password)) in enumerate(STATES.items()):
        if state in {"suspended, wrong", "stopped, wrong"}:
            # The same name as the one before, which waits already.
            continue
        answers[state] = []
        for host in range(5):
            client = site.client()
            client.environ_base["REMOTE_ADDR"] = f"198.51.{number}.{host}"
            answers[state].append(normalised(forms.sign_in(client, name, password), name))
    expected = answers["unknown"]
    assert [answer[0] for answer in expected] == ["401 UNAUTHORIZED"] * 2 + [
        "429 TOO MANY REQUESTS"
    ] * 3
    assert {state for state, answer in answers.items() if answer != expected} == set()


def test_enu_01_the_cookie_of_a_device_tells_nothing_about_other_names(
    site: GatehouseTester,
) -> None:
    with_every_state(site)
    device = site.client()
    assert forms.sign_in(device, "known").status_code == 303
    mark = forms.cookie(device, "gatehouse_device")
    assert mark is not None
    answers = {}
    for state, (name, password) in STATES.items():
        client = site.client()
        client.set_cookie("gatehouse_device", mark)
        answers[state] = normalised(forms.sign_in(client, name, password), name)
    expected = answers["unknown"]
    assert {state for state, answer in answers.items() if answer != expected} == set()


@pytest.mark.parametrize("state", STATES)
def test_enu_02_every_refusal_costs_one_hash(patient: GatehouseTester, state: str) -> None:
    with_every_state(patient)
    before = hashes_done(patient)
    attempt(patient, state)
    assert hashes_done(patient) == before + 1


@pytest.mark.parametrize("state", STATES)
def test_enu_02_every_refusal_writes_as_often(site: GatehouseTester, state: str) -> None:
    """A commit that has something to write takes longer than one that has not."""
    with_every_state(site)
    attempt(site, "wrong")
    expected, found = (writes(site, each) for each in ("wrong", state))
    assert found == expected


def writes(site: GatehouseTester, state: str) -> int:
    """Return how many transactions of a refused sign-in changed a row.

    A sweep of old counters is none of them: chance decides about it, whoever asks.
    """
    changed: list[bool] = []
    pending: list[bool] = []
    swept: list[bool] = []
    before: dict[str, int] = {}

    def executed(*args: Any) -> None:
        if args[2].startswith("DELETE FROM gatehouse_throttle"):
            swept.append(True)
        elif not args[2].lstrip().upper().startswith("SELECT") and args[1].rowcount > 0:
            pending.append(True)

    def begun(connection: Any) -> None:
        before["rows"] = _rows_changed_by(connection)

    def committed(connection: Any) -> None:
        if not swept:
            changed.append(bool(pending) or _rows_changed_by(connection) > before["rows"])
        pending.clear()
        swept.clear()

    engine = engine_of(site.app)
    event.listen(engine, "after_cursor_execute", executed)
    event.listen(engine, "begin", begun)
    event.listen(engine, "commit", committed)
    try:
        attempt(site, state)
    finally:
        event.remove(engine, "after_cursor_execute", executed)
        event.remove(engine, "begin", begun)
        event.remove(engine, "commit", committed)
    return sum(changed)


def _rows_changed_by(connection: Any) -> int:
    """Return how many rows a connection to SQLite has changed: its cursors do not always know."""
    return getattr(connection.connection.driver_connection, "total_changes", 0)


@pytest.mark.parametrize("state", [state for state in STATES if "foreign" not in state])
def test_enu_02_every_refusal_costs_the_hash_of_today(
    patient: GatehouseTester, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    with_every_state(patient)
    with work_done(monkeypatch) as done:
        attempt(patient, state)
    assert done == [(8, 1, 1, 32)]


def test_enu_02_every_refusal_asks_the_database_the_same(generous: GatehouseTester) -> None:
    with_every_state(generous)
    attempt(generous, "unknown")  # what is prepared once is prepared
    asked = {}
    # What can be no name at all tells nothing about accounts, and is not looked for.
    possible = {state: tried for state, tried in STATES.items() if "possible" not in state}
    for state, (name, password) in possible.items():
        client = generous.client()
        token = forms.token(client.get("/login/"))
        fields = {"csrf_token": token, "username": name, "password": password}
        with statements_of(generous) as asked[state]:
            assert client.post("/login/", data=fields).status_code == 401
    same = {
        state: [each for each in sent if not _is_no_part_of_it(each)]
        for state, sent in asked.items()
    }
    assert same["unknown"]
    assert {state for state, sent in same.items() if sent != same["unknown"]} == set()


def _is_no_part_of_it(statement: str) -> bool:
    """Whether it is the sweep of old counters, which chance decides, or makes the writing equal.

    That a row is written where there is no failure to count, and only there, is what
    `test_enu_02_every_refusal_writes_as_often` wants.
    """
    # SQLite is told when a transaction begins, and the sweep has one of its own.
    begins = statement.startswith("BEGIN")
    sweeps = "gatehouse_throttle.expires_at <=" in statement and "INSERT" not in statement
    counts_nothing = statement.startswith("INSERT INTO gatehouse_throttle")
    return begins or sweeps or (counts_nothing and " ON " not in statement)


@contextmanager
def statements_of(tester: GatehouseTester) -> Iterator[list[str]]:
    """Collect what the database is asked, without the values."""
    engine = engine_of(tester.app)
    sent: list[str] = []

    def note(*told: object) -> None:
        statement = str(told[2])
        # Counters that are over are swept now and then, by chance.
        if not statement.startswith("DELETE FROM gatehouse_throttle"):
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@contextmanager
def work_done(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, ...]]]:
    """Collect memory, passes, lanes and length of each hash that the library computes."""
    from argon2 import low_level  # noqa: PLC0415 - what is counted here

    real = low_level.hash_secret_raw
    done: list[tuple[int, ...]] = []

    def noting(secret: bytes, salt: bytes, **cost: int) -> bytes:
        done.append((cost["memory_cost"], cost["time_cost"], cost["parallelism"], cost["hash_len"]))
        return real(secret, salt, **cost)  # type: ignore[arg-type]

    monkeypatch.setattr(low_level, "hash_secret_raw", noting)
    yield done


@pytest.mark.parametrize("password", ["", " ", "x" * 1025, "x" * 4000, "\0", "\N{SNOWMAN}" * 400])
def test_enu_02_a_password_that_nobody_has_costs_everybody_the_same(
    patient: GatehouseTester, password: str
) -> None:
    with_every_state(patient)
    costs, answers = set(), []
    for name in ("nobody-here", "known", "invited", "suspended"):
        before = hashes_done(patient)
        answers.append(normalised(forms.sign_in(patient.client(), name, password), name))
        costs.add(hashes_done(patient) - before)
    assert len(costs) == 1
    assert all(answer == answers[0] for answer in answers)


@pytest.fixture
def full_house(make_site: MakeSite, sqlite_url: str) -> Flask:
    """The site with one slot for hashing and no patience."""
    return make_site(
        sqlite_url,
        **UNLIMITED,
        GATEHOUSE_PASSWORDS_HASH_SLOTS=1,
        GATEHOUSE_PASSWORDS_HASH_PATIENCE="0s",
    )


def test_enu_09_under_load_known_and_unknown_are_turned_away_alike(full_house: Flask) -> None:
    tester = with_every_state(GatehouseTester(full_house))
    pool = full_house.extensions["gatehouse"].house.part(Hashes).pool
    taken, done = threading.Event(), threading.Event()

    def hold() -> bool:
        taken.set()
        return done.wait(60)

    holder = threading.Thread(target=lambda: pool.run(hold))
    holder.start()
    assert taken.wait(60)
    try:
        answers = {}
        for state, (name, password) in STATES.items():
            page = forms.sign_in(tester.client(), name, password)
            assert page.status_code == 503, state
            wait = page.headers.pop("Retry-After")
            assert 1 <= int(wait) <= 10
            request = re.compile(r"<code>[^<]+</code>")
            told = re.sub(r"in \d+ second", "in N second", page.text)
            answers[state] = (page.status, request.sub("", told), sorted(page.headers.keys()))
    finally:
        done.set()
        holder.join()
    assert all(answer == answers["unknown"] for answer in answers.values())
    assert forms.sign_in(tester.client(), "known").status_code == 303


def test_enu_10_no_page_of_a_link_says_whose_it_is(site: GatehouseTester) -> None:
    user = site.add_user("someone-real", email="real.address@example.org")
    good = invitation_for(site, user)
    used = site.client()
    used.get(good)
    pages = [used.get("/invitation/"), forms.send(used, "/invitation/", password="short")]
    change_password(site, "someone-real", "nine patient otters swim")
    pages += [used.get("/invitation/"), site.client().get(good)]
    pages += [site.client().get("/invitation/"), site.client().get("/invitation/" + "A" * 43 + "/")]
    pages += [site.client().get("/setup/" + "A" * 43 + "/")]
    assert {page.status_code for page in pages} == {200, 422, 409, 303, 404}
    for page in pages:
        told = f"{page.headers} {page.text} {page.request.url}"
        for secret in ("someone-real", "real.address", str(user.id), user.id.hex):
            assert secret not in told, page.status


def test_enu_10_an_invitation_that_is_over_and_one_that_never_was_look_alike(
    site: GatehouseTester,
) -> None:
    user = site.add_user()
    path = invitation_for(site, user)
    over = site.client()
    over.get(path)
    suspend(site, "alice")
    never = site.client()
    never.get("/invitation/" + "A" * 42 + "8/")
    nothing = site.client()
    answers = [normalised(client.get("/invitation/"), "") for client in (over, never, nothing)]
    assert answers[0] == answers[1] == answers[2]


def test_enu_01_no_page_for_strangers_tells_who_is_there(site: GatehouseTester) -> None:
    site.add_user("someone-real", email="real.address@example.org", admin=True)
    for route in routes(site.app):
        page = site.client().get(route.path, buffered=True, query_string={"q": "someone-real"})
        told = page.text.replace("q=someone-real", "").replace("q%3Dsomeone-real", "")
        assert "someone-real" not in told, route.path
        assert "real.address" not in told, route.path
