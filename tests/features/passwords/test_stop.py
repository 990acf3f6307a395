"""After too many failures in a row a password is disabled, and never the person."""

import threading
from collections import Counter as Tally
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.conftest import MakeSite
from tests.forms import cookie, send, sign_in, token

WRONG = "nine loud kettles"
NEW = "eleven calm badgers"
UNLIMITED = {
    "GATEHOUSE_THROTTLING_ACCOUNT": "10000/1h",
    "GATEHOUSE_THROTTLING_NETWORK": "10000/1h",
    "GATEHOUSE_THROTTLING_NAME_AND_NETWORK": "100/1s",
    "GATEHOUSE_THROTTLING_DEVICE": "100/1s",
    "GATEHOUSE_PASSWORDS_HASH_PATIENCE": "30s",
}


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site, on which ten failures stop a password: eight of them may be strangers'."""
    site = GatehouseTester(make_site(database_url, GATEHOUSE_PASSWORDS_FAILURES=10, **UNLIMITED))
    site.add_user("alice", email="alice@example.org")
    return site


def fail(site: GatehouseTester, times: int, client: FlaskClient | None = None) -> None:
    for _ in range(times):
        assert sign_in(client or site.client(), "alice", WRONG).status_code == 401


def enters(site: GatehouseTester, password: str = PASSWORD, device: str | None = None) -> bool:
    client = site.client()
    if device is not None:
        client.set_cookie("gatehouse_device", device)
    return sign_in(client, "alice", password).status_code == 303


def known_device(site: GatehouseTester) -> str:
    client = site.client()
    sign_in(client, "alice")
    return str(cookie(client, "gatehouse_device"))


def told(site: GatehouseTester, name: str) -> list[dict[str, Any]]:
    with site.work() as work:
        found = select(AuditRow).where(AuditRow.name == name).order_by(AuditRow.at, AuditRow.id)
        return [row.facts for row in work.db.scalars(found)]


def letters(site: GatehouseTester) -> list[str]:
    return [str(mail["Subject"]) for mail in site.mails()]


def test_after_the_last_failure_the_right_password_is_a_wrong_one(site: GatehouseTester) -> None:
    fail(site, 8)
    assert not enters(site)
    assert not enters(site, WRONG)


def test_one_before_the_last_the_right_password_is_right(site: GatehouseTester) -> None:
    for _ in range(2):
        fail(site, 7)
        assert enters(site)


def test_the_last_fifth_is_kept_for_known_devices(site: GatehouseTester) -> None:
    device = known_device(site)
    fail(site, 8)
    assert not enters(site)
    assert enters(site, device=device)
    # A success begins anew, also for browsers that are not known.
    assert enters(site)


def test_in_the_end_the_password_opens_nothing_anywhere(site: GatehouseTester) -> None:
    device = known_device(site)
    fail(site, 8)
    client = site.client()
    client.set_cookie("gatehouse_device", device)
    fail(site, 2, client)
    assert not enters(site, device=device)
    assert not enters(site)


def test_a_password_that_is_stopped_ends_no_session(site: GatehouseTester) -> None:
    client = site.client()
    assert sign_in(client, "alice", remember="y").status_code == 303
    fail(site, 12)
    assert client.get("/account/").status_code == 200
    client.delete_cookie("gatehouse")
    assert client.get("/account/").status_code == 200


def test_a_stop_is_told_once_to_the_record_and_to_the_owner(site: GatehouseTester) -> None:
    device = known_device(site)
    fail(site, 12)
    assert told(site, "passwords.stopped") == [{"failures": 8, "everywhere": False}]
    assert letters(site) == ["Too many wrong passwords for your account at Gatehouse"]
    client = site.client()
    client.set_cookie("gatehouse_device", device)
    fail(site, 4, client)
    assert told(site, "passwords.stopped")[1:] == [{"failures": 10, "everywhere": True}]
    first, second = [mail.get_body(("plain",)) for mail in site.mails()]
    assert first is not None
    assert second is not None
    assert "On a device where you signed in before you can still sign in" in first.get_content()
    assert "ask whoever runs the site for a link" in second.get_content()


def test_without_an_address_nobody_is_written_to(site: GatehouseTester) -> None:
    site.add_user("bob")
    for _ in range(9):
        sign_in(site.client(), "bob", WRONG)
    assert len(told(site, "passwords.stopped")) == 1
    assert letters(site) == []


def test_a_stopped_password_costs_and_answers_as_a_wrong_one(site: GatehouseTester) -> None:
    pool = site.app.extensions["gatehouse"].house.part(Hashes).pool

    def seen(password: str) -> tuple[object, ...]:
        before = pool.hashes_done
        page = sign_in(site.client(), "alice", password)
        text = page.text.replace(token(page), "")
        return page.status_code, text, sorted(page.headers.keys()), pool.hashes_done - before

    wrong = seen(WRONG)
    fail(site, 7)
    assert seen(PASSWORD) == seen(WRONG) == wrong


def new_password(site: GatehouseTester) -> None:
    with site.work() as work:
        sealed = passwords.seal(work, password=NEW, about=("alice",))
        passwords.keep(work, user=users.named(work.db, "alice"), sealed=sealed)


def by_the_model(site: GatehouseTester) -> None:
    with site.app.app_context(), site.work() as work:
        users.named(work.db, "alice").set_password(NEW)


def by_command(site: GatehouseTester) -> None:
    args = ["gatehouse", "users", "set-password", "alice", "--password-stdin"]
    result = site.app.test_cli_runner().invoke(args=args, input=f"{NEW}\n")
    assert result.exit_code == 0


def by_invitation(site: GatehouseTester) -> None:
    with site.work() as work:
        secret = passwords.invite(work, user=users.named(work.db, "alice"))
    client = site.client()
    client.get(f"/invitation/{secret}/")
    assert send(client, "/invitation/", password=NEW).status_code == 303


@pytest.mark.parametrize("way", [new_password, by_the_model, by_command, by_invitation])
def test_a_new_password_lifts_the_stop(site: GatehouseTester, way: Any) -> None:
    fail(site, 8)
    way(site)
    assert not enters(site)
    assert enters(site, NEW)


def test_guesses_at_once_get_no_more_than_the_limit(site: GatehouseTester) -> None:
    """Counted before each is looked at, so that none of many at once is free."""
    clients = [site.client() for _ in range(30)]
    tokens = [token(client.get("/login/")) for client in clients]
    gate = threading.Barrier(30)

    def guess(n: int) -> int:
        fields = {"csrf_token": tokens[n], "username": "alice", "password": WRONG}
        gate.wait(timeout=60)
        return clients[n].post("/login/", data=fields).status_code

    with ThreadPoolExecutor(30) as threads:
        assert Tally(threads.map(guess, range(30))) == {401: 30}
    assert told(site, "passwords.stopped") == [{"failures": 8, "everywhere": False}]
    assert not enters(site)


def test_confirming_counts_as_well(site: GatehouseTester) -> None:
    client = site.client()
    sign_in(client, "alice")
    for _ in range(9):
        assert send(client, "/confirm/", password=WRONG).status_code == 401
    fail(site, 1)
    assert not enters(site)
    assert send(client, "/confirm/", password=PASSWORD).status_code == 303


def test_an_attempt_that_nobody_could_look_at_is_no_failure(
    make_site: MakeSite, sqlite_url: str
) -> None:
    config = {**UNLIMITED, "GATEHOUSE_PASSWORDS_HASH_PATIENCE": "0s"}
    app = make_site(
        sqlite_url, GATEHOUSE_PASSWORDS_FAILURES=5, GATEHOUSE_PASSWORDS_HASH_SLOTS=1, **config
    )
    site = GatehouseTester(app)
    site.add_user("alice")
    pool = app.extensions["gatehouse"].house.part(Hashes).pool
    taken, done = threading.Event(), threading.Event()

    def hold() -> bool:
        taken.set()
        return done.wait(60)

    holder = threading.Thread(target=lambda: pool.run(hold))
    holder.start()
    assert taken.wait(60)
    try:
        assert [sign_in(site.client(), "alice", WRONG).status_code for _ in range(9)] == [503] * 9
    finally:
        done.set()
        holder.join()
    assert enters(site)


def test_refused_attempts_do_not_come_near_the_stop(make_site: MakeSite, sqlite_url: str) -> None:
    config = {**UNLIMITED, "GATEHOUSE_THROTTLING_ACCOUNT": "5/1h"}
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_PASSWORDS_FAILURES=10, **config))
    site.add_user("alice")
    answers = Tally(sign_in(site.client(), "alice", WRONG).status_code for _ in range(40))
    assert answers == {401: 5, 429: 35}
    assert told(site, "passwords.stopped") == []
