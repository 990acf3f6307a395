"""Letters that set a new password: checks RST-01 to RST-19, and ASVS 6.4.3."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from flask_gatehouse.features.proofs.models import Proof
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.conftest import MakeSite
from tests.forms import cookie, send, sign_in, token
from tests.statements import written

NEW = "eleven calm badgers"
OTHER = "seven quiet lanterns"
GENEROUS = {
    "GATEHOUSE_THROTTLING_LINKS": "1000/1m",
    "GATEHOUSE_RECOVERY_ACCOUNT": "100/1m",
    "GATEHOUSE_RECOVERY_NETWORK": "1000/1m",
}


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each database, with an administrator and alice."""
    site = GatehouseTester(make_site(database_url, **GENEROUS))
    site.add_user("root", email="root@example.org", admin=True)
    site.add_user("alice", email="Alice@example.org")
    return site


def ask(client: FlaskClient, name: str = "alice") -> TestResponse:
    return send(client, "/recover/", username=name)


def letters(site: GatehouseTester) -> list[Any]:
    return [mail for mail in site.mails() if "new password" in str(mail["Subject"])]


def said(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


def link(site: GatehouseTester) -> str:
    """Return the path of the link in the newest letter."""
    found = re.search(r"http://127\.0\.0\.1:5000(/recover/[\w-]{43}/)", said(letters(site)[-1]))
    assert found is not None
    return found[1]


def code(site: GatehouseTester) -> str:
    found = re.search(r"\b(\d{4} \d{4})\b", said(letters(site)[-1]))
    assert found is not None
    return found[1]


def use(site: GatehouseTester, path: str, password: str = NEW) -> TestResponse:
    """Open a link in a browser of its own and choose a password."""
    client = site.client()
    client.get(path)
    page = client.get("/recover/new/")
    if page.status_code != 200:
        return page
    data = {"csrf_token": token(page), "password": password}
    return client.post("/recover/new/", data=data)


def enters(site: GatehouseTester, password: str) -> bool:
    return sign_in(site.client(), "alice", password).status_code == 303


def test_rst_01_a_link_is_good_once(site: GatehouseTester) -> None:
    ask(site.client())
    path = link(site)
    assert use(site, path).status_code == 303
    assert enters(site, NEW)
    assert use(site, path, OTHER).status_code == 409
    assert not enters(site, OTHER)


def test_rst_01_a_code_is_good_once(site: GatehouseTester) -> None:
    client = site.client()
    ask(client)
    typed = code(site)
    assert send(client, "/recover/sent/", code=typed, password=NEW).status_code == 303
    assert enters(site, NEW)
    assert send(client, "/recover/sent/", code=typed, password=OTHER).status_code == 422
    assert not enters(site, OTHER)


@pytest.mark.parametrize("change", ["password", "newer", "suspended", "sessions"])
def test_rst_02_a_link_dies_with_any_change(site: GatehouseTester, change: str) -> None:
    ask(site.client())
    path = link(site)
    with site.work() as work:
        alice = users.named(work.db, "alice")
        if change == "suspended":
            users.suspend(work, user=alice)
        elif change == "sessions":
            users.end_everything(work, user_id=alice.id)
    if change == "password":
        client = site.client()
        sign_in(client)
        send(client, "/account/password/", current=PASSWORD, new=OTHER)
    elif change == "newer":
        ask(site.client())
    assert use(site, path).status_code == 409


def test_rst_03_of_twenty_at_once_one_sets_its_password(site: GatehouseTester) -> None:
    ask(site.client())
    path = link(site)
    together = threading.Barrier(20)
    words = [f"{word} calm badgers swim" for word in "abcdefghijklmnopqrst"]

    def race(word: str) -> int:
        client = site.client()
        client.get(path)
        data = {"csrf_token": token(client.get("/recover/new/")), "password": word}
        together.wait()
        return client.post("/recover/new/", data=data).status_code

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(race, words))
    assert answers.count(303) == 1
    assert set(answers) == {303, 409}
    assert enters(site, words[answers.index(303)])


def test_rst_08_the_letter_goes_to_the_stored_spelling(site: GatehouseTester) -> None:
    for typed in ("ALICE@EXAMPLE.ORG", "alice@example.org", " Alice@Example.org "):
        ask(site.client(), typed)
    assert {str(mail["To"]) for mail in letters(site)} == {"Alice@example.org"}
    for typed in (
        "al\u0131ce@example.org",
        "\uff41lice@example.org",
        "alice@example.org,eve@x.org",
    ):
        ask(site.client(), typed)
    assert len(letters(site)) == 3


def test_rst_09_a_new_password_opens_no_session_and_ends_every_other(
    site: GatehouseTester,
) -> None:
    inside = site.client()
    sign_in(inside, remember="y")
    ask(site.client())
    client = site.client()
    client.get(link(site))
    data = {"csrf_token": token(client.get("/recover/new/")), "password": NEW}
    done = client.post("/recover/new/", data=data)
    assert done.location == "/login/"
    assert client.get("/admin/").status_code == 302
    assert inside.get("/admin/").status_code == 302


def test_rst_10_the_page_and_its_address_do_not_hold_the_secret(site: GatehouseTester) -> None:
    ask(site.client())
    path = link(site)
    secret = path.split("/")[2]
    client = site.client()
    handed = client.get(path)
    assert (handed.status_code, handed.location) == (303, "/recover/new/")
    page = client.get("/recover/new/")
    assert secret not in page.text
    for answer in (handed, page):
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
    assert "http" not in re.sub(r"http://127\.0\.0\.1:5000", "", page.text)


def test_rst_11_an_expired_link_sends_nothing_and_names_nobody(site: GatehouseTester) -> None:
    ask(site.client())
    path = link(site)
    site.clock.move(timedelta(minutes=31))
    before = len(site.mails())
    for _ in range(20):
        answer = use(site, path)
        assert answer.status_code == 409
        assert "alice" not in answer.text.casefold()
    assert len(site.mails()) == before


@pytest.mark.parametrize("moment", ["1970-01-01 00:00:00", "0001-01-01 00:00:00"])
def test_rst_12_a_row_of_no_time_is_over(make_site: MakeSite, sqlite_url: str, moment: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, **GENEROUS))
    site.add_user("alice", email="alice@example.org")
    ask(site.client())
    path = link(site)
    with site.work() as work:
        work.db.execute(text("UPDATE gatehouse_proof SET expires_at = :at"), {"at": moment})
    assert use(site, path).status_code == 409


def test_rst_14_no_stored_value_is_a_link_or_a_code(site: GatehouseTester) -> None:
    client = site.client()
    ask(client)
    secret, typed = link(site).split("/")[2], code(site).replace(" ", "")
    with site.work() as work:
        row = work.db.query(Proof).one()
        stored = [row.digest.hex(), row.code_digest.hex(), row.ticket, str(row.facts)]
    assert not any(secret in value or typed in value for value in stored)
    assert use(site, f"/recover/{stored[0][:43]}/").status_code == 409


def test_rst_15_machines_that_open_links_use_nothing_up(site: GatehouseTester) -> None:
    ask(site.client())
    path = link(site)
    machine = site.client()
    for _ in range(3):
        machine.head(path)
        machine.get(path, follow_redirects=True)
    assert enters(site, PASSWORD)
    assert use(site, path).status_code == 303


@pytest.mark.parametrize("state", ["suspended", "without address"])
def test_rst_16_who_cannot_come_back_gets_no_letter(site: GatehouseTester, state: str) -> None:
    site.add_user("bob", email="bob@example.org" if state == "suspended" else None)
    if state == "suspended":
        with site.work() as work:
            users.suspend(work, user=users.named(work.db, "bob"))
    assert ask(site.client(), "bob").status_code == 303
    assert letters(site) == []


def test_rst_17_an_invitation_is_nothing_for_a_recovery_nor_the_other_way(
    site: GatehouseTester,
) -> None:
    ask(site.client())
    secret = link(site).split("/")[2]
    client = site.client()
    client.get(f"/invitation/{secret}/")
    assert client.get("/invitation/").status_code == 409
    client.set_cookie("gatehouse_invitation", secret)
    assert client.get("/invitation/").status_code == 409
    assert use(site, f"/recover/{secret}/").status_code == 303


def test_rst_18_a_secret_in_the_form_is_not_looked_at(site: GatehouseTester) -> None:
    ask(site.client())
    secret = link(site).split("/")[2]
    client = site.client()
    data = {"password": NEW, "secret": secret, "token": secret, "recovery": secret}
    data["csrf_token"] = token(client.get("/recover/"))
    assert client.post(f"/recover/new/?secret={secret}", data=data).status_code == 409
    assert enters(site, PASSWORD)


def test_rst_19_a_code_is_tried_five_times_in_the_browser_that_asked(
    site: GatehouseTester,
) -> None:
    client = site.client()
    ask(client)
    typed = code(site)
    wrong = "0000 0000" if typed != "0000 0000" else "1111 1111"
    stranger = site.client()
    ask(stranger, "root")
    assert send(stranger, "/recover/sent/", code=typed, password=NEW).status_code == 422
    for _ in range(5):
        assert send(client, "/recover/sent/", code=wrong, password=NEW).status_code == 422
    assert send(client, "/recover/sent/", code=typed, password=NEW).status_code == 422
    assert enters(site, PASSWORD)


def test_asvs_6_4_3_a_weak_password_leaves_link_and_code_good(site: GatehouseTester) -> None:
    client = site.client()
    ask(client)
    path, typed = link(site), code(site)
    assert use(site, path, "short").status_code == 422
    assert (
        send(client, "/recover/sent/", code=typed, password="alice alice alice").status_code == 422
    )
    assert send(client, "/recover/sent/", code=typed, password=NEW).status_code == 303


def test_asvs_6_4_3_a_link_of_somebody_else_leaves_a_session_alone(site: GatehouseTester) -> None:
    ask(site.client())
    path = link(site)
    site.add_user("bob")
    client = site.client()
    sign_in(client, "bob")
    client.get(path)
    data = {"csrf_token": token(client.get("/recover/new/")), "password": NEW}
    assert client.post("/recover/new/", data=data).status_code == 303
    assert "bob" in client.get("/account/").text
    assert enters(site, NEW)


def test_asvs_6_3_7_the_owner_hears_of_a_new_password(site: GatehouseTester) -> None:
    ask(site.client())
    use(site, link(site))
    subjects = [str(mail["Subject"]) for mail in site.mails() if mail["To"] == "Alice@example.org"]
    assert "Your password at Gatehouse was changed" in subjects


def test_proving_the_mailbox_by_a_letter_is_noted(site: GatehouseTester) -> None:
    ask(site.client())
    use(site, link(site))
    with site.work() as work:
        (row,) = addresses.of(work.db, user_id=users.named(work.db, "alice").id)
        assert row.proven_at is not None


def test_thr_13_the_fourth_letter_of_an_hour_is_not_sent_and_nobody_is_told(
    make_site: MakeSite, database_url: str
) -> None:
    site = GatehouseTester(make_site(database_url))
    site.add_user("alice", email="alice@example.org")
    answers = [ask(site.client(), name) for name in ("alice", "alice@example.org") * 2]
    assert {(answer.status_code, answer.location) for answer in answers} == {
        (303, "/recover/sent/")
    }
    assert len(letters(site)) == 3


def test_a_network_that_asks_too_often_waits(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_RECOVERY_NETWORK="2/1h"))
    assert [ask(site.client(), f"name{n}").status_code for n in range(3)] == [303, 303, 429]


def test_enu_03_known_and_unknown_names_are_answered_alike(site: GatehouseTester) -> None:
    def answered(name: str) -> tuple[object, ...]:
        client = site.client()
        with written(site) as statements:
            answer = ask(client, name)
        page = client.get("/recover/sent/")
        bare = re.sub(r'value="[^"]+"', "", page.text)
        wrong = send(client, "/recover/sent/", code="12345678", password=NEW)
        headers = sorted(name for name, _ in answer.headers)
        ticket = cookie(client, "gatehouse_recovery-letter")
        told = answer.status_code, answer.location, headers, bare, wrong.status_code
        return *told, len(ticket or ""), statements

    site.add_user("bob")
    site.add_user("eve", email="eve@example.org")
    with site.work() as work:
        users.suspend(work, user=users.named(work.db, "eve"))
    ask(site.client())
    first, *others = [answered(name) for name in ("alice", "nobody", "bob", "eve", "x@example.org")]
    for other in others:
        assert other == first


def test_a_site_that_sends_no_such_letters_has_no_such_pages(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_RECOVERY_ENABLED=False))
    site.add_user("alice", email="alice@example.org")
    client = site.client()
    page = client.get("/login/")
    assert "Forgot" not in page.text
    data = {"csrf_token": token(page), "username": "alice"}
    assert client.post("/recover/", data=data).status_code == 404
    assert letters(site) == []


def test_whoever_runs_the_site_sends_a_letter_and_sees_no_link(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url))
    site.add_user("alice", email="alice@example.org")
    site.add_user("bob")
    runner = site.app.test_cli_runner()
    done = runner.invoke(args=["gatehouse", "recovery", "send", "alice"])
    assert (done.exit_code, done.output) == (0, "A letter to alice is on its way.\n")
    assert use(site, link(site)).status_code == 303
    refused = runner.invoke(args=["gatehouse", "recovery", "send", "bob"])
    assert refused.exit_code == 1
    assert "no e-mail address" in refused.output
