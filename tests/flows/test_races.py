"""Several at once: threads that are let go together, on every kind of database.

Where two steps of one story must meet in an order that threads only meet by luck, the steps are
taken one by one in two transactions.
"""

import threading
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from flask_gatehouse import Gatehouse
from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.db.base import Base
from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.login import service as desk
from flask_gatehouse.features.login.attempts import Attempt, Browser, Wish
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.sessions import finding
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.throttling.models import Counter
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import AddressTaken, NameTaken
from flask_gatehouse.features.users.models import Identifier, User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.forms import cookie, sign_in, token

MakeSite = Callable[..., Flask]
_Result = TypeVar("_Result")

#: Databases on which two transactions of one thread may stand open side by side.
servers = pytest.mark.parametrize("database_url", ["postgres", "mariadb"], indirect=True)


def at_once(jobs: Sequence[Callable[[], _Result]]) -> list[_Result]:
    """Let a thread for each job go at the same moment; return what they return, in order."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], _Result]) -> _Result:
        gate.wait(timeout=60)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def rows(site: GatehouseTester, model: type[Base]) -> int:
    with site.work() as work:
        return work.db.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site, on which nobody is sent away because the machine that runs the tests is slow."""
    app = make_site(
        database_url,
        GATEHOUSE_PASSWORDS_HASH_PATIENCE="30s",
        GATEHOUSE_THROTTLING_LINKS="1000/10m",
    )
    return GatehouseTester(app)


def test_of_twenty_first_administrators_one_is_made(site: GatehouseTester) -> None:
    with site.app.app_context():
        link = Gatehouse.new_setup_link()
    assert link is not None
    path = link.removeprefix("http://127.0.0.1:5000")
    clients = [site.client() for _ in range(20)]
    forms = [
        {"csrf_token": token(client.get(path)), "username": f"admin{n}", "password": PASSWORD}
        for n, client in enumerate(clients)
    ]

    def send(n: int) -> Callable[[], int]:
        return lambda: clients[n].post(path, data=forms[n]).status_code

    answers = at_once([send(n) for n in range(20)])

    assert Tally(answers) == {303: 1, 404: 19}
    winner = answers.index(303)
    with site.work() as work:
        made = work.db.scalars(select(User)).one()
    assert (made.username, made.is_admin) == (f"admin{winner}", True)
    let_in = [client.get("/admin/").status_code == 200 for client in clients]
    assert let_in == [n == winner for n in range(20)]
    assert rows(site, Session) == 1


def test_a_first_administrator_and_an_account_of_the_command_line_do_not_both_open_the_site(
    site: GatehouseTester,
) -> None:
    with site.app.app_context():
        link = Gatehouse.new_setup_link()
    assert link is not None
    path = link.removeprefix("http://127.0.0.1:5000")
    client = site.client()
    form = {"csrf_token": token(client.get(path)), "username": "first", "password": PASSWORD}

    def post() -> int:
        return client.post(path, data=form).status_code

    def create() -> int:
        site.add_user("second")
        return 0

    answer, _ = at_once([post, create])
    with site.work() as work:
        names = set(work.db.scalars(select(User.username)))
    assert (answer, names) in [(303, {"first", "second"}), (404, {"second"})]


def test_of_sixteen_redemptions_of_one_invitation_one_sets_its_password(
    site: GatehouseTester,
) -> None:
    alice = site.add_user("alice", password=None)
    with site.work() as work:
        secret = passwords.invite(work, user=users.by_id(work.db, alice.id))
    clients = [site.client() for _ in range(16)]
    chosen = [f"heron number {n} stands still" for n in range(16)]
    forms = []
    for n, client in enumerate(clients):
        client.get(f"/invitation/{secret}/")
        page = client.get("/invitation/")
        forms.append({"csrf_token": token(page), "password": chosen[n]})

    def send(n: int) -> Callable[[], int]:
        return lambda: clients[n].post("/invitation/", data=forms[n]).status_code

    answers = at_once([send(n) for n in range(16)])

    assert Tally(answers) == {303: 1, 409: 15}
    winner = answers.index(303)
    loser = (winner + 1) % 16
    assert sign_in(site.client(), "alice", chosen[loser]).status_code == 401
    assert sign_in(site.client(), "alice", chosen[winner]).status_code == 303


def _created(site: GatehouseTester, name: str, email: str | None = None) -> type[Refusal] | None:
    try:
        with site.work() as work:
            users.create(work, username=name, email=email)
    except Refusal as refusal:
        return type(refusal)
    return None


def test_one_name_in_many_spellings_becomes_one_account(site: GatehouseTester) -> None:
    spellings = [
        "straße",
        "STRASSE",
        "strasse",
        "Strasse",
        " strasse ",
        "\N{FULLWIDTH LATIN SMALL LETTER S}trasse",
        "STRAẞE",
    ]
    jobs = [lambda name=name: _created(site, name) for name in spellings * 2]

    answers = at_once(jobs)

    assert Tally(answers) == {None: 1, NameTaken: 13}
    assert (rows(site, User), rows(site, Identifier)) == (1, 1)


def test_one_address_in_many_spellings_becomes_one_account(site: GatehouseTester) -> None:
    spellings = ["ann@example.org", "ANN@EXAMPLE.ORG", "Ann@Example.Org", " ann@example.org "]
    jobs = [
        lambda n=n, email=email: _created(site, f"person{n}", email)
        for n, email in enumerate(spellings * 3)
    ]

    answers = at_once(jobs)

    assert Tally(answers) == {None: 1, AddressTaken: 11}
    assert (rows(site, User), rows(site, Identifier)) == (1, 2)


def test_thirty_attempts_at_once_count_thirty(site: GatehouseTester) -> None:
    site.add_user("alice")
    clients = [site.client() for _ in range(30)]
    form = {"username": "alice", "password": "nine loud kettles"}
    tokens = [token(client.get("/login/")) for client in clients]

    def send(n: int) -> Callable[[], int]:
        fields = {"csrf_token": tokens[n], **form}
        return lambda: clients[n].post("/login/", data=fields).status_code

    answers = at_once([send(n) for n in range(30)])

    assert Tally(answers) == {401: 10, 429: 20}
    with site.work() as work:
        counted = list(work.db.scalars(select(Counter.count)))
        told = work.db.scalar(
            select(func.count())
            .select_from(AuditRow)
            .where(AuditRow.name == "throttling.limit_reached")
        )
    # What one limit refused uses up nothing of the account's.
    assert sorted(counted) == [10, 30, 30]
    assert told == 1


def test_signing_in_from_many_browsers_at_once_opens_each(site: GatehouseTester) -> None:
    for n in range(12):
        site.add_user(f"person{n}")
    clients = [site.client() for _ in range(12)]
    jobs = [lambda n=n: sign_in(clients[n], f"person{n}").status_code for n in range(12)]

    assert at_once(jobs) == [303] * 12
    assert rows(site, Session) == 12
    names = [client.get("/account/").text.count(f"person{n}") for n, client in enumerate(clients)]
    assert all(names)


def test_asvs_7_1_2_of_sixteen_sign_ins_at_once_as_many_stay_as_are_allowed(
    make_site: MakeSite, database_url: str
) -> None:
    app = make_site(
        database_url,
        GATEHOUSE_PASSWORDS_HASH_PATIENCE="30s",
        GATEHOUSE_SESSIONS_PER_USER=5,
    )
    site = GatehouseTester(app)
    site.add_user("alice")
    # Each from a network of its own: what counts attempts would let one in after the other.
    clients = [site.client() for _ in range(16)]
    for n, client in enumerate(clients):
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{n + 1}"
    form = {"username": "alice", "password": PASSWORD, "remember": "y"}
    tokens = [token(client.get("/login/")) for client in clients]

    def send(n: int) -> Callable[[], int]:
        fields = {"csrf_token": tokens[n], **form}
        return lambda: clients[n].post("/login/", data=fields).status_code

    assert at_once([send(n) for n in range(16)]) == [303] * 16
    assert sum(client.get("/account/").status_code == 200 for client in clients) == 5
    assert rows(site, Session) == 2 * 5


def test_requests_that_meet_the_logout_never_revive_the_session(site: GatehouseTester) -> None:
    alice = site.add_user("alice")
    for _ in range(4):
        client = site.client()
        site.sign_in(client, alice, remember=True)
        handles = {name: str(cookie(client, name)) for name in ("gatehouse", "gatehouse_remember")}
        # Long enough ago that each request writes down that the session is in use.
        site.clock.move(timedelta(minutes=50))
        paths = ["/admin/"] * 3 + ["/logout/"] + ["/admin/"] * 4

        answers = at_once([partial(_get, site, handles, path) for path in paths])

        assert answers[3] == 303
        assert set(answers) <= {200, 302, 303}
        assert rows(site, Session) == 0
        assert _get(site, handles, "/admin/") == 302


def _get(site: GatehouseTester, handles: dict[str, str], path: str) -> int:
    """Ask with cookies of one's own, as a browser with many tabs does."""
    client = site.client()
    for name, value in handles.items():
        client.set_cookie(name, value)
    return client.get(path, headers={"Sec-Fetch-Site": "same-origin"}).status_code


def beside(job: Callable[[], None]) -> threading.Thread:
    """Start a job in a transaction of its own; return when it is through, or waits for ours."""
    thread = threading.Thread(target=job)
    thread.start()
    thread.join(timeout=0.5)
    return thread


def works_of(site: GatehouseTester) -> Any:
    return site.app.extensions["gatehouse"].works


def standing_of(site: GatehouseTester, client: FlaskClient, name: str) -> finding.Standing:
    found = finding.Finder(works_of(site)).find(cookie(client, name))
    assert found is not None
    return found


def test_a_request_that_ends_after_the_logout_revives_nothing(site: GatehouseTester) -> None:
    client = site.client(site.add_user("alice"))
    standing = standing_of(site, client, "gatehouse")
    with site.work() as work:
        desk.leave(work, standing=standing, digests=[standing.digest])
    site.clock.move(timedelta(minutes=50))

    sessions.keep_alive(works_of(site), standing)

    assert rows(site, Session) == 0
    assert finding.Finder(works_of(site)).find(cookie(client)) is None


def test_a_request_that_ends_late_does_not_turn_the_clock_back(site: GatehouseTester) -> None:
    client = site.client(site.add_user("alice"))
    late = standing_of(site, client, "gatehouse")
    site.clock.move(timedelta(minutes=50))
    sessions.keep_alive(works_of(site), late)
    newer = standing_of(site, client, "gatehouse").idle_expires_at
    site.clock.move(timedelta(minutes=-10))

    sessions.keep_alive(works_of(site), late)

    assert standing_of(site, client, "gatehouse").idle_expires_at == newer


@servers
def test_a_confirmation_that_meets_the_logout_opens_nothing(site: GatehouseTester) -> None:
    client, alice = site.client(), site.add_user("alice")
    site.sign_in(client, alice, remember=True)
    remembered = standing_of(site, client, "gatehouse_remember")
    opened = None
    with site.work() as confirming:
        try:
            opened = desk.confirm(
                confirming,
                standing=remembered,
                attempt=Attempt(user_id=alice.id, methods=("password",)),
                wish=Wish(),
                browser=Browser(handles=[]),
            )
        except Refusal:
            confirming.db.rollback()
        confirming.db.flush()
        leaving = beside(lambda: _leave(site, remembered))
    leaving.join(timeout=60)

    assert finding.Finder(works_of(site)).find(str(opened)) is None
    assert rows(site, Session) == 0


def _leave(site: GatehouseTester, standing: finding.Standing) -> None:
    with site.work() as work:
        desk.leave(work, standing=standing, digests=[standing.digest])


@servers
def test_a_sign_in_with_the_old_password_does_not_outlive_the_new_one(
    site: GatehouseTester,
) -> None:
    alice = site.add_user("alice")
    handle = None
    with site.app.app_context():
        try:
            with site.work() as entering:
                attempt = passwords.prove(entering, name="alice", password=PASSWORD)
                alice.set_password("nine loud kettles")
                opened = desk.admit(entering, attempt=attempt, browser=Browser(handles=[]))
                handle = str(opened.session)
        except Refusal:
            handle = None

    assert finding.Finder(works_of(site)).find(handle) is None


@servers
def test_a_sign_in_does_not_outlive_a_suspension_that_came_between(site: GatehouseTester) -> None:
    alice = site.add_user("alice")

    def suspend_for_a_moment() -> None:
        with site.work() as work:
            user = users.by_id(work.db, alice.id)
            users.suspend(work, user=user)
            users.restore(work, user=user)

    with site.work() as entering:
        attempt = Attempt(user_id=alice.id, methods=("password",))
        opened = desk.admit(entering, attempt=attempt, browser=Browser(handles=[]))
        suspending = beside(suspend_for_a_moment)
    suspending.join(timeout=60)

    assert finding.Finder(works_of(site)).find(str(opened.session)) is None
