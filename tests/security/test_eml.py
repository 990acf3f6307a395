"""Changing the address of an account: checks EML-02 to EML-07."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.leaving import departing
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.conftest import MakeSite
from tests.forms import cookie, send, sign_in, token

GENEROUS = {
    "GATEHOUSE_THROTTLING_LINKS": "1000/1m",
    "GATEHOUSE_RECOVERY_ACCOUNT": "100/1m",
    "GATEHOUSE_RECOVERY_NETWORK": "1000/1m",
    "GATEHOUSE_ADDRESSES_PAUSE": "100/1m",
    "GATEHOUSE_ADDRESSES_PER_ADDRESS": "100/1m",
    "GATEHOUSE_ADDRESSES_PER_PERSON": "1000/1m",
    "GATEHOUSE_ADDRESSES_NETWORK": "1000/1m",
}
HERE = "/account/addresses/"
OLD, NEW, OTHER = "alice@example.org", "new@example.net", "other@example.net"
WEEK = timedelta(days=7)
STALE = timedelta(minutes=20)


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each database, with alice, bob and an administrator."""
    site = GatehouseTester(make_site(database_url, **GENEROUS))
    site.add_user("root", email="root@example.org", admin=True)
    site.add_user("alice", email=OLD)
    site.add_user("bob", email="bob@example.org")
    # An address that an account was made with is known by the time.
    site.clock.move(timedelta(minutes=1))
    with site.work() as work:
        addresses.prove(work, user=users.named(work.db, "alice"), address=OLD)
    return site


@pytest.fixture
def alice(site: GatehouseTester) -> FlaskClient:
    """A browser in which alice is signed in."""
    return entered(site, "alice")


def entered(site: GatehouseTester, name: str) -> FlaskClient:
    client = site.client()
    assert sign_in(client, name).status_code == 303
    return client


def act(client: FlaskClient, what: str, **fields: str) -> TestResponse:
    data = {"csrf_token": token(client.get(HERE)), **fields}
    return client.post(f"{HERE}{what}/", data=data)


def letters(site: GatehouseTester, to: str) -> list[Any]:
    return [mail for mail in site.mails() if mail["To"] == to]


def said(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


def link(site: GatehouseTester, to: str) -> str:
    """Return the path of the link in the newest letter with one to an address."""
    found = [
        match[1]
        for mail in letters(site, to)
        if (match := re.search(r":5000(/address/(?:undo/)?[\w-]{43}/)", said(mail)))
    ]
    return found[-1]


def code(site: GatehouseTester, to: str) -> str:
    found = re.search(r"\b(\d{4} \d{4})\b", said(letters(site, to)[-1]))
    assert found is not None
    return found[1]


def use(client: FlaskClient, path: str) -> TestResponse:
    """Open a link and press the button of its page."""
    page = client.get(path, follow_redirects=True)
    if page.status_code != 200:
        return page
    where = "/address/undo/" if "/undo/" in path else "/address/"
    return client.post(where, data={"csrf_token": token(page)})


def added(site: GatehouseTester, client: FlaskClient, address: str = NEW) -> None:
    """Add an address, and confirm it in a browser of its own."""
    assert act(client, "add", email=address).status_code == 303
    assert use(site.client(), link(site, address)).status_code == 303


def moved(site: GatehouseTester, client: FlaskClient, address: str = NEW) -> str:
    """Make a new address the primary one; return the way back in the letter to the old one."""
    added(site, client, address)
    assert act(client, "primary", address=address).status_code == 303
    return link(site, OLD)


def held(site: GatehouseTester, name: str = "alice") -> dict[str, bool]:
    """Return the addresses of an account, and whether each is proven."""
    with site.work() as work:
        user = users.named(work.db, name)
        found = addresses.of(work.db, user_id=user.id)
        return {row.canonical: row.proven_at is not None for row in found}


def primary(site: GatehouseTester, name: str = "alice") -> str | None:
    with site.work() as work:
        return users.named(work.db, name).email


def enters(site: GatehouseTester, name: str, password: str = PASSWORD) -> bool:
    return sign_in(site.client(), name, password).status_code == 303


def recorded(site: GatehouseTester) -> set[str]:
    with site.work() as work:
        return set(work.db.scalars(select(AuditRow.name)))


def at_once(jobs: list[Any]) -> list[Any]:
    gate = threading.Barrier(len(jobs))

    def run(job: Any) -> Any:
        gate.wait(timeout=60)
        return job()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))


def test_eml_02_an_address_that_waits_is_no_address(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    assert act(alice, "add", email=NEW).status_code == 303
    assert "Not confirmed" in alice.get(HERE).text
    assert held(site).keys() == {OLD}
    assert not enters(site, NEW)
    send(site.client(), "/recover/", username=NEW)
    assert len(letters(site, NEW)) == 1
    send(site.client(), "/recover/", username="alice")
    assert "new password" in str(letters(site, OLD)[-1]["Subject"])


def test_eml_02_the_address_is_the_accounts_once_it_is_proven(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    added(site, alice)
    assert held(site) == {OLD: True, NEW: True}
    assert primary(site) == OLD
    assert enters(site, NEW)
    assert act(alice, "primary", address=NEW).status_code == 303
    assert primary(site) == NEW
    assert alice.get("/account/").status_code == 200


def test_eml_02_a_code_does_what_the_link_does_and_once(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    act(alice, "add", email=NEW)
    path, typed = link(site, NEW), code(site, NEW)
    act(alice, "code", address=NEW, code="0000 0000")
    assert "not the code" in alice.get(HERE).text
    act(alice, "code", address=NEW, code=typed)
    assert held(site)[NEW]
    assert use(site.client(), path).status_code == 409


def test_eml_02_a_code_is_good_in_its_own_account_only(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    act(alice, "add", email=NEW)
    bob = entered(site, "bob")
    act(bob, "code", address=NEW, code=code(site, NEW))
    assert NEW not in held(site, "bob") | held(site)


def test_eml_02_links_to_the_old_address_die_when_the_new_one_takes_its_place(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    added(site, alice)
    send(site.client(), "/recover/", username="alice")
    found = re.search(r":5000(/recover/[\w-]{43}/)", said(letters(site, OLD)[-1]))
    assert found is not None
    client = site.client()
    assert client.get(found[1], follow_redirects=True).status_code == 200
    act(alice, "primary", address=NEW)
    assert client.get("/recover/new/").status_code == 409


def test_eml_02_only_a_proven_address_becomes_the_primary_one(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    added(site, alice)
    with site.work() as work:
        user = users.named(work.db, "alice")
        addresses.claim(work, user=user, address=OTHER, proven=False)
    act(alice, "primary", address=OTHER)
    assert "not confirmed yet" in alice.get(HERE).text
    act(alice, "add", email="waits@example.net")
    assert act(alice, "primary", address="waits@example.net").status_code == 404
    assert act(alice, "primary", address="bob@example.org").status_code == 404
    assert primary(site) == OLD


@pytest.mark.parametrize("what", ["add", "resend", "primary", "remove"])
def test_eml_03_whoever_proved_themselves_long_ago_is_asked_again(
    site: GatehouseTester, alice: FlaskClient, what: str
) -> None:
    added(site, alice)
    site.clock.move(STALE)
    page = act(alice, what, email=OTHER, address=NEW)
    assert page.status_code == 307
    assert "/confirm/" in page.location
    assert held(site).keys() == {OLD, NEW}
    assert primary(site) == OLD
    assert letters(site, OTHER) == []


def test_eml_03_everybody_concerned_is_told(site: GatehouseTester, alice: FlaskClient) -> None:
    added(site, alice)
    assert "was added" in str(letters(site, OLD)[-1]["Subject"])
    act(alice, "primary", address=NEW)
    assert "undo" in said(letters(site, OLD)[-1])
    told = said(letters(site, NEW)[-1])
    assert "became the primary one" in told
    assert "/address/" not in told
    assert {"users.address_added", "users.primary_address_changed"} <= recorded(site)


def test_eml_03_the_letters_repeat_nothing_that_a_stranger_typed(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    act(alice, "add", email="buy-now.evil.example@example.net")
    moved(site, alice)
    for mail in site.mails():
        assert "evil" not in said(mail)
        assert "alice" not in said(mail)


def test_eml_03_the_undo_puts_the_owner_back_and_everybody_else_out(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    way_back = moved(site, alice)
    added(site, alice, OTHER)
    act(alice, "add", email="waits@example.net")
    waits = link(site, "waits@example.net")
    assert use(site.client(), way_back).status_code == 303
    assert primary(site) == OLD
    assert held(site) == {OLD: True}
    assert alice.get("/account/").status_code == 302
    assert use(site.client(), waits).status_code == 409
    assert use(site.client(), way_back).status_code == 409
    assert "addresses.undone" in recorded(site)
    for address in (OLD, NEW, OTHER):
        assert "undone" in said(letters(site, address)[-1])


def test_eml_03_the_undo_outlives_what_a_stranger_changes(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    way_back = moved(site, alice)
    send(alice, "/account/password/", current=PASSWORD, new="eleven calm badgers")
    added(site, alice, OTHER)
    act(alice, "primary", address=OTHER)
    act(alice, "remove", address=OLD)
    assert "can still make it the primary one again" in alice.get(HERE).text
    site.clock.move(WEEK - STALE)
    assert use(site.client(), way_back).status_code == 303
    assert primary(site) == OLD
    assert held(site) == {OLD: True}


def test_eml_03_the_undo_is_over_after_a_week_and_the_address_may_go(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    way_back = moved(site, alice)
    site.clock.move(WEEK)
    assert use(site.client(), way_back).status_code == 409
    act(entered(site, "alice"), "remove", address=OLD)
    assert held(site) == {NEW: True}


def test_eml_03_who_came_back_by_a_letter_has_proven_the_mailbox(site: GatehouseTester) -> None:
    bob = entered(site, "bob")
    added(site, bob)
    act(bob, "primary", address=NEW)
    assert held(site, "bob")["bob@example.org"] is False
    assert use(site.client(), link(site, "bob@example.org")).status_code == 303
    assert held(site, "bob") == {"bob@example.org": True}


def test_eml_03_looking_at_the_undo_changes_nothing(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    way_back = moved(site, alice)
    for method in ("HEAD", "GET"):
        site.client().open(way_back, method=method, follow_redirects=True)
    assert primary(site) == NEW
    assert alice.get("/account/").status_code == 200


def test_eml_03_nobody_makes_a_way_back_for_an_address_that_was_added_lately(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    moved(site, alice)
    act(alice, "primary", address=OLD)
    for mail in letters(site, NEW):
        assert "/address/undo/" not in said(mail)


def test_eml_03_an_address_that_was_long_there_gets_a_way_back(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    moved(site, alice)
    site.clock.move(WEEK)
    again = entered(site, "alice")
    act(again, "primary", address=OLD)
    assert "/address/undo/" in link(site, NEW)


def test_eml_03_the_first_way_back_is_not_replaced_by_a_later_one(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    added(site, alice)
    site.clock.move(WEEK)
    again = entered(site, "alice")
    act(again, "primary", address=NEW)
    first = link(site, OLD)
    added(site, again, OTHER)
    act(again, "primary", address=OTHER)
    assert not [mail for mail in letters(site, NEW) if "/address/undo/" in said(mail)]
    assert use(site.client(), first).status_code == 303
    assert primary(site) == OLD
    assert held(site) == {OLD: True, NEW: True}


def test_eml_03_of_ten_that_undo_at_once_one_does(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    way_back = moved(site, alice)

    def ready() -> Any:
        client = site.client()
        data = {"csrf_token": token(client.get(way_back, follow_redirects=True))}
        return lambda: client.post("/address/undo/", data=data).status_code

    answers = at_once([ready() for _ in range(10)])
    assert sorted(answers) == [303] + [409] * 9
    assert primary(site) == OLD


def test_eml_04_the_link_acts_on_the_account_that_asked_whoever_is_signed_in(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    act(alice, "add", email=NEW)
    bob = entered(site, "bob")
    handle = cookie(bob)
    page = bob.get(link(site, NEW), follow_redirects=True)
    assert "signed in to another account" in page.text
    assert "<strong>alice</strong>" in page.text
    assert held(site).keys() == {OLD}
    assert bob.post("/address/", data={"csrf_token": token(page)}).status_code == 303
    assert held(site)[NEW]
    assert NEW not in held(site, "bob")
    assert cookie(bob) == handle
    assert "bob" in bob.get("/account/").text


def test_eml_04_the_undo_acts_on_its_own_account_and_leaves_the_session_that_is_there(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    way_back = moved(site, alice)
    bob = entered(site, "bob")
    assert use(bob, way_back).status_code == 303
    assert "bob" in bob.get("/account/").text
    assert primary(site) == OLD
    assert primary(site, "bob") == "bob@example.org"


def test_eml_04_nobody_is_signed_in_by_a_link(site: GatehouseTester, alice: FlaskClient) -> None:
    act(alice, "add", email=NEW)
    client = site.client()
    assert use(client, link(site, NEW)).location == "/login/"
    assert client.get("/account/").status_code == 302


def test_eml_05_what_was_sent_to_an_address_that_was_taken_out_is_void(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    act(alice, "add", email=NEW)
    path, typed = link(site, NEW), code(site, NEW)
    act(alice, "remove", address=NEW)
    secret = path.rstrip("/").rpartition("/")[2]
    for page in ("address", "address/undo", "recover", "leave/undo", "invited", "invitation"):
        answer = site.client().get(f"/{page}/{secret}/", follow_redirects=True)
        assert answer.status_code == 409
    act(alice, "code", address=NEW, code=typed)
    assert held(site).keys() == {OLD}


def test_eml_05_a_removed_address_takes_its_links_with_it(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    added(site, alice)
    send(site.client(), "/recover/", username=NEW)
    found = re.search(r":5000(/recover/[\w-]{43}/)", said(letters(site, NEW)[-1]))
    assert found is not None
    act(alice, "remove", address=NEW)
    assert site.client().get(found[1], follow_redirects=True).status_code == 409
    assert not enters(site, NEW)
    assert "was taken from" in said(letters(site, NEW)[-1])


def test_eml_05_a_newer_letter_voids_the_one_before(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    act(alice, "add", email=NEW)
    first = link(site, NEW)
    act(alice, "resend", address=NEW)
    assert use(site.client(), first).status_code == 409
    assert use(site.client(), link(site, NEW)).status_code == 303


def command(site: GatehouseTester, *args: str) -> Any:
    return site.app.test_cli_runner().invoke(args=["gatehouse", "users", "address", *args])


def test_eml_06_who_runs_the_site_sends_a_letter_unless_they_say_that_they_know(
    site: GatehouseTester,
) -> None:
    assert command(site, "add", "alice", NEW).exit_code == 0
    assert held(site).keys() == {OLD}
    assert use(site.client(), link(site, NEW)).status_code == 303
    assert command(site, "add", "alice", OTHER, "--proven").exit_code == 0
    assert held(site) == {OLD: True, NEW: True, OTHER: True}


def test_eml_06_an_address_that_comes_back_has_to_be_proven_again(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    added(site, alice)
    act(alice, "remove", address=NEW)
    act(alice, "add", email=NEW)
    assert held(site).keys() == {OLD}
    assert not enters(site, NEW)


def test_eml_06_no_field_of_a_form_says_that_an_address_is_proven(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    data = {"email": NEW, "proven": "1", "verified": "true", "user_id": "1", "proven_at": "now"}
    act(alice, "add", **data)
    assert held(site) == {OLD: True}


@pytest.mark.parametrize("change", ["suspended", "closed", "password", "sessions"])
def test_eml_07_a_letter_of_before_adds_nothing_to_an_account_that_changed(
    site: GatehouseTester, alice: FlaskClient, change: str
) -> None:
    act(alice, "add", email=NEW)
    path = link(site, NEW)
    with site.work() as work:
        user = users.named(work.db, "alice")
        if change == "suspended":
            users.suspend(work, user=user)
        elif change == "closed":
            departing.ask(work, user=user, link=lambda secret: f"http://site/{secret}")
        elif change == "sessions":
            users.end_everything(work, user_id=user.id)
        else:
            sealed = passwords.seal(work, password="eleven calm badgers", about=())
            passwords.keep(work, user=user, sealed=sealed)
    assert use(site.client(), path).status_code == 409
    assert held(site).keys() == {OLD}


@pytest.mark.parametrize("change", ["suspended", "closed", "erased"])
def test_eml_07_the_undo_opens_no_account_that_is_closed(
    site: GatehouseTester, alice: FlaskClient, change: str
) -> None:
    way_back = moved(site, alice)
    with site.work() as work:
        user = users.named(work.db, "alice")
        if change == "suspended":
            users.suspend(work, user=user)
        elif change == "closed":
            departing.ask(work, user=user, link=lambda secret: f"http://site/{secret}")
        else:
            users.erase(work, user_id=user.id)
    assert use(site.client(), way_back).status_code == 409
    assert not enters(site, "alice")


def test_enu_08_a_taken_address_looks_like_a_free_one(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    taken = act(alice, "add", email="Bob@Example.org")
    free = act(alice, "add", email=NEW)
    assert (taken.status_code, taken.location) == (free.status_code, free.location)
    page = alice.get(HERE).text
    assert page.count("Open the link in the letter to it") == 2
    assert "tried to add" in said(letters(site, "bob@example.org")[-1])
    assert "http" not in said(letters(site, "bob@example.org")[-1]).replace(
        "http://127.0.0.1:5000", ""
    )
    act(alice, "code", address="bob@example.org", code="1234 5678")
    assert held(site, "bob").keys() == {"bob@example.org"}
    copy = alice.post(
        "/account/data/download/", data={"csrf_token": token(alice.get("/account/data/"))}
    )
    assert "address_tried" not in copy.text
    assert copy.text.count('"addresses.add"') == 2


@contextmanager
def statements(site: GatehouseTester) -> Iterator[list[str]]:
    """Collect what is asked of the database, without values and without the sweeps of chance."""
    engine, seen = site.app.extensions["gatehouse"].works.engine, []

    def see(*args: Any) -> None:
        said = re.sub(r"\s+", " ", args[2])
        sweeps = "gatehouse_throttle.expires_at <=" in said and "INSERT" not in said
        # SQLite is told when a transaction begins, and the sweep has one of its own.
        if not sweeps and not said.startswith("BEGIN"):
            seen.append(said)

    event.listen(engine, "before_cursor_execute", see)
    yield seen
    event.remove(engine, "before_cursor_execute", see)


def test_enu_08_a_taken_address_asks_the_database_the_same(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    act(alice, "add", email="first@example.net")
    seen = []
    for address in (NEW, "bob@example.org"):
        data = {"csrf_token": token(alice.get(HERE)), "email": address}
        with statements(site) as asked:
            alice.post(f"{HERE}add/", data=data)
        seen.append(asked)
    assert seen[0] == seen[1]


def test_of_two_accounts_that_confirm_one_address_at_once_one_gets_it(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    bob = entered(site, "bob")
    ready = []
    for client in (alice, bob):
        act(client, "add", email=NEW)
        browser = site.client()
        page = browser.get(link(site, NEW), follow_redirects=True)
        ready.append((browser, {"csrf_token": token(page)}))

    def press(n: int) -> Any:
        browser, data = ready[n]
        return lambda: browser.post("/address/", data=data)

    answers = at_once([press(0), press(1)])
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    lost = next(answer for answer in answers if answer.status_code == 409)
    assert "Another account got this address" in lost.text
    owners = [name for name in ("alice", "bob") if NEW in held(site, name)]
    assert len(owners) == 1


def test_of_ten_that_open_one_link_at_once_one_adds_the_address(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    act(alice, "add", email=NEW)
    path = link(site, NEW)

    def ready() -> Any:
        client = site.client()
        data = {"csrf_token": token(client.get(path, follow_redirects=True))}
        return lambda: client.post("/address/", data=data).status_code

    answers = at_once([ready() for _ in range(10)])
    assert sorted(answers) == [303] + [409] * 9
    assert held(site)[NEW]


def test_removing_and_making_primary_at_once_never_leaves_letters_without_an_address(
    site: GatehouseTester, alice: FlaskClient
) -> None:
    added(site, alice)
    data = {"csrf_token": token(alice.get(HERE)), "address": NEW}
    again = entered(site, "alice")
    other = {"csrf_token": token(again.get(HERE)), "address": NEW}
    at_once(
        [
            lambda: alice.post(f"{HERE}primary/", data=data).status_code,
            lambda: again.post(f"{HERE}remove/", data=other).status_code,
        ]
    )
    assert primary(site) in held(site)


def test_of_two_confirmed_addresses_removed_at_once_one_stays(site: GatehouseTester) -> None:
    client = entered(site, "bob")
    added(site, client)
    added(site, client, OTHER)
    clients = [client, entered(site, "bob")]
    ready = [
        (each, {"csrf_token": token(each.get(HERE)), "address": address})
        for each, address in zip(clients, (NEW, OTHER), strict=True)
    ]

    def press(n: int) -> Any:
        browser, data = ready[n]
        return lambda: browser.post(f"{HERE}remove/", data=data).status_code

    at_once([press(0), press(1)])
    assert list(held(site, "bob").values()).count(True) == 1
