"""Letters by which people log in: what opens a session, where, and for whom."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, true

from flask_gatehouse import Misconfigured
from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.login_by_mail import service
from flask_gatehouse.features.login_by_mail.errors import LoginByMailClosed
from flask_gatehouse.features.proofs.models import Proof
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.conftest import MakeSite
from tests.features.login_by_mail.asking import (
    ALLOWED,
    GENEROUS,
    ask,
    code,
    is_in,
    letters,
    link,
    not_the,
    peopled,
    prove,
    said,
    type_in,
    use,
)
from tests.forms import cookie, send, sign_in, token


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each database, with alice, whose address is proven."""
    return peopled(make_site(database_url, **GENEROUS))


@pytest.fixture
def one(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    """The same on SQLite."""
    return peopled(make_site(sqlite_url, **GENEROUS))


def methods(site: GatehouseTester) -> list[object]:
    with site.work() as work:
        return list(work.db.scalars(select(Session.methods)))


def test_a_code_opens_a_session_once_and_uses_up_the_link(site: GatehouseTester) -> None:
    client = site.client()
    assert ask(client).location == "/login/mail/sent/"
    typed, path = code(site), link(site)
    assert type_in(client, typed).status_code == 303
    assert is_in(client)
    other = site.client()
    other.set_cookie("gatehouse_mail-letter", "A" * 22)
    assert use(other, path).status_code == 409
    assert type_in(other, typed).status_code == 422


def test_a_link_opens_a_session_once_in_the_browser_that_asked(site: GatehouseTester) -> None:
    client = site.client()
    ask(client)
    path, ticket = link(site), cookie(client, "gatehouse_mail-letter")
    assert use(client, path).status_code == 303
    assert is_in(client)
    assert cookie(client, "gatehouse_mail-letter") is None
    again = site.client()
    again.set_cookie("gatehouse_mail-letter", str(ticket))
    assert use(again, path).status_code == 409
    assert not is_in(again)


def test_a_session_of_a_letter_says_so(site: GatehouseTester) -> None:
    client = site.client()
    ask(client)
    type_in(client, code(site))
    assert methods(site) == ["email"]


def test_of_twenty_at_once_one_gets_a_session(site: GatehouseTester) -> None:
    asking = site.client()
    ask(asking)
    path, ticket = link(site), str(cookie(asking, "gatehouse_mail-letter"))
    together = threading.Barrier(20)

    def race(number: int) -> int:
        del number
        client = site.client()
        client.set_cookie("gatehouse_mail-letter", ticket)
        client.get(path)
        data = {"csrf_token": token(client.get("/login/mail/link/"))}
        together.wait()
        return client.post("/login/mail/link/", data=data).status_code

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(race, range(20)))
    assert sorted(answers) == [303] + [409] * 19
    assert len(methods(site)) == 1


def test_of_twenty_codes_at_once_one_opens_a_session(site: GatehouseTester) -> None:
    asking = site.client()
    ask(asking)
    ticket = str(cookie(asking, "gatehouse_mail-letter"))
    typed, together = code(site), threading.Barrier(20)

    def race(number: int) -> int:
        del number
        client = site.client()
        client.set_cookie("gatehouse_mail-letter", ticket)
        data = {"csrf_token": token(client.get("/login/mail/sent/")), "code": typed}
        together.wait()
        return client.post("/login/mail/sent/", data=data).status_code

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(race, range(20)))
    assert sorted(answers) == [303] + [422] * 19
    assert methods(site) == ["email"]


def test_a_letter_goes_to_the_proven_address_that_was_typed_or_to_the_primary_one(
    site: GatehouseTester,
) -> None:
    with site.work() as work:
        alice = users.named(work.db, "alice")
        addresses.claim(work, user=alice, address="Second@example.org", proven=True)
        addresses.claim(work, user=alice, address="third@example.org", proven=False)
    for name in ("alice", "ALICE@example.ORG", "second@example.org", "third@example.org"):
        ask(site.client(), name)
    assert [str(mail["To"]) for mail in letters(site)] == [
        "Alice@example.org",
        "Alice@example.org",
        "Second@example.org",
        "Alice@example.org",
    ]


@pytest.mark.parametrize("state", ["suspended", "deactivated", "without address", "unproven"])
def test_who_cannot_come_in_gets_no_letter_and_the_usual_answer(
    site: GatehouseTester, state: str
) -> None:
    site.add_user("bob", email=None if state == "without address" else "bob@example.org")
    if state in {"suspended", "deactivated"}:
        prove(site, "bob", "bob@example.org")
        with site.work() as work:
            bob = users.named(work.db, "bob")
            if state == "suspended":
                users.suspend(work, user=bob)
            else:
                users.deactivate(work, user_id=bob.id, only_if=true())
    client = site.client()
    assert ask(client, "bob").location == "/login/mail/sent/"
    assert len(str(cookie(client, "gatehouse_mail-letter"))) == 22
    assert letters(site) == []
    assert type_in(client, "1234 5678").status_code == 422


@pytest.mark.parametrize("change", ["password", "newer", "suspended", "ended", "removed"])
def test_a_letter_dies_with_any_change(site: GatehouseTester, change: str) -> None:
    client = site.client()
    with site.work() as work:
        alice = users.named(work.db, "alice")
        addresses.claim(work, user=alice, address="second@example.org", proven=True)
    ask(client, "second@example.org")
    path, typed = link(site), code(site)
    if change == "newer":
        ask(site.client())
    elif change == "password":
        inside = site.client()
        sign_in(inside)
        send(inside, "/account/password/", current=PASSWORD, new="eleven calm badgers")
    else:
        with site.work() as work:
            alice = users.named(work.db, "alice")
            if change == "suspended":
                users.suspend(work, user=alice)
            elif change == "ended":
                users.end_everything(work, user_id=alice.id)
            else:
                addresses.remove(work, user=alice, address="second@example.org")
    assert type_in(client, typed).status_code == 422
    assert use(client, path).status_code == 409
    assert not is_in(client)


def test_whoever_wanted_a_page_arrives_there_by_code_and_by_link(one: GatehouseTester) -> None:
    for by in ("code", "link"):
        client = one.client()
        page = client.get("/login/mail/?next=/account/devices/")
        data = {"csrf_token": token(page), "username": "alice", "next": "/account/devices/"}
        asked = client.post("/login/mail/", data=data)
        assert asked.location == "/login/mail/sent/?next=/account/devices/"
        if by == "code":
            waiting = client.get(asked.location)
            assert 'value="/account/devices/"' in waiting.text
            sent = {"csrf_token": token(waiting), "code": code(one), "next": "/account/devices/"}
            done = client.post("/login/mail/sent/", data=sent)
        else:
            client.get(link(one))
            assert 'value="/account/devices/"' in client.get("/login/mail/link/").text
            done = use(client, link(one), next="/account/devices/")
        assert done.location == "/account/devices/"


@pytest.mark.parametrize("by", ["code", "link"])
def test_a_browser_is_remembered_only_if_that_is_wished(one: GatehouseTester, by: str) -> None:
    for wished in ({}, {"remember": "y"}):
        client = one.client()
        ask(client)
        if by == "code":
            done = type_in(client, code(one), **wished)
        else:
            done = use(client, link(one), **wished)
        assert done.status_code == 303
        assert (cookie(client, "gatehouse_remember") is not None) == bool(wished)


def test_whoever_is_signed_in_is_sent_on(one: GatehouseTester) -> None:
    client = one.client()
    sign_in(client)
    for path in ("/login/mail/", "/login/mail/sent/", "/login/mail/link/"):
        assert client.get(path).location == "/admin/"


def test_an_account_without_a_password_logs_in_and_hears_of_a_new_browser(
    one: GatehouseTester,
) -> None:
    one.add_user("bob", email="bob@example.org", password=None)
    prove(one, "bob", "bob@example.org")
    for _ in range(2):
        client = one.client()
        ask(client, "bob")
        assert type_in(client, code(one)).status_code == 303
    assert sum("new sign-in" in str(mail["Subject"]) for mail in one.mails()) == 1


def test_letters_of_strangers_do_not_use_up_those_of_a_known_browser(
    make_site: MakeSite, database_url: str
) -> None:
    site = peopled(make_site(database_url, **ALLOWED))
    known = site.client()
    sign_in(known)
    send(known, "/logout/")
    for _ in range(6):
        ask(site.client())
    assert len(letters(site)) == 5
    ask(known)
    assert len(letters(site)) == 6
    assert type_in(known, code(site)).status_code == 303


def test_a_network_that_asks_too_often_waits(make_site: MakeSite, sqlite_url: str) -> None:
    site = peopled(make_site(sqlite_url, **ALLOWED, GATEHOUSE_LOGIN_BY_MAIL_NETWORK="2/1h"))
    assert [ask(site.client(), f"name{n}").status_code for n in range(3)] == [303, 303, 429]


def test_what_happens_stands_in_the_record(one: GatehouseTester) -> None:
    client = one.client()
    ask(client)
    type_in(client, not_the(code(one)))
    type_in(client, code(one))
    ask(one.client(), "nobody")
    with one.work() as work:
        rows = work.db.execute(select(AuditRow.name, AuditRow.outcome).order_by(AuditRow.id)).all()
    told = [tuple(row) for row in rows]
    for expected in (
        ("login_by_mail.asked", "done"),
        ("proofs.refused", "refused"),
        ("login.succeeded", "done"),
        ("login_by_mail.refused", "refused"),
    ):
        assert expected in told


def test_the_letter_leaves_the_link_out_of_its_code_and_says_how_long_both_are_good(
    one: GatehouseTester,
) -> None:
    ask(one.client())
    (letter,) = letters(one)
    text = said(letter)
    assert "within 10 minutes" in text
    assert "Tell nobody the code" in text
    html = letter.get_body(("html",)).get_content()
    assert code(one) in html
    assert link(one) in html


def test_the_login_page_leads_here_only_where_it_is_allowed(
    make_site: MakeSite, sqlite_url: str
) -> None:
    for allowed in (True, False):
        client = make_site(sqlite_url, GATEHOUSE_LOGIN_BY_MAIL_ALLOWED=allowed).test_client()
        assert ("/login/mail/" in client.get("/login/").text) == allowed


def test_the_login_page_hands_on_what_was_wanted(one: GatehouseTester) -> None:
    page = one.client().get("/login/?next=/account/devices/")
    assert 'href="/login/mail/?next=/account/devices/"' in page.text
    assert 'href="/recover/"' in page.text


def test_somebody_signed_in_without_a_password_is_not_led_here(one: GatehouseTester) -> None:
    client = one.client(one.add_user("bob", email="bob@example.org", password=None))
    page = client.get("/account/password/")
    assert "/recover/" in page.text
    assert "/login/mail/" not in page.text


def test_a_site_that_does_not_allow_it_has_no_such_pages_and_sends_nothing(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = peopled(make_site(sqlite_url))
    client = site.client()
    data = {"csrf_token": token(client.get("/login/")), "username": "alice", "code": "1234 5678"}
    for path in ("", "sent/", "link/", "A" * 43 + "/"):
        assert client.get(f"/login/mail/{path}").status_code == 404
        expected = 405 if len(path) > 40 else 404
        assert client.post(f"/login/mail/{path}", data=data).status_code == expected
    assert letters(site) == []
    with pytest.raises(LoginByMailClosed), site.work() as work:
        service.ask(work, name="alice", link_of=str)
    with pytest.raises(LoginByMailClosed), site.work() as work:
        service.prove_code(work, ticket="A" * 22, code="12345678")
    with site.work() as work:
        assert work.db.scalars(select(Proof)).all() == []


@pytest.mark.parametrize("profile", ["asvs-l2", "asvs-l3"])
def test_a_strict_profile_does_not_start_with_it(
    make_site: MakeSite, sqlite_url: str, profile: str
) -> None:
    said = re.escape(f"GATEHOUSE_LOGIN_BY_MAIL_ALLOWED is yes, but under {profile} nobody")
    with pytest.raises(Misconfigured, match=said):
        make_site(sqlite_url, GATEHOUSE_PROFILE=profile, **ALLOWED)
    make_site(sqlite_url, GATEHOUSE_PROFILE=profile)


def test_no_letter_lives_longer_than_ten_minutes(make_site: MakeSite, sqlite_url: str) -> None:
    with pytest.raises(Misconfigured, match=r"GATEHOUSE_LOGIN_BY_MAIL_LIFETIME.*at most 10m"):
        make_site(sqlite_url, **ALLOWED, GATEHOUSE_LOGIN_BY_MAIL_LIFETIME="15m")


def test_a_letter_is_over_after_its_time(site: GatehouseTester) -> None:
    client = site.client()
    ask(client)
    path, typed = link(site), code(site)
    site.clock.move(timedelta(minutes=10, seconds=1))
    assert type_in(client, typed).status_code == 422
    assert use(client, path).status_code == 409
