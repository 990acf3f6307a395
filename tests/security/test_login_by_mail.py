"""Signing in by a letter: ASVS 6.3.6, 6.5.4, 6.5.5, 6.6.2, 6.6.3, and that it tells nobody."""

import logging
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from flask_gatehouse import Misconfigured
from flask_gatehouse.features.proofs.rules import new_code
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
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
from tests.forms import cookie, sign_in, token
from tests.security.walk import session_rows, snapshot
from tests.statements import written

LETTER = "gatehouse_mail-letter"
ELSEWHERE = "This is not the browser in which the letter was asked for."


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each database, with alice, whose address is proven."""
    return peopled(make_site(database_url, **GENEROUS))


@pytest.fixture
def one(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    """The same on SQLite."""
    return peopled(make_site(sqlite_url, **GENEROUS))


def test_asvs_6_3_6_nobody_logs_in_by_mail_unless_that_is_allowed(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = peopled(make_site(sqlite_url))
    client = site.client()
    for path in ("/login/mail/", "/login/mail/sent/", "/login/mail/link/"):
        assert client.get(path).status_code == 404
    data = {"csrf_token": token(client.get("/login/")), "username": "alice"}
    assert client.post("/login/mail/", data=data).status_code == 404
    assert site.mails() == []


@pytest.mark.parametrize("profile", ["asvs-l2", "asvs-l3"])
def test_asvs_6_3_6_a_strict_profile_refuses_to_start_with_it(
    make_site: MakeSite, sqlite_url: str, profile: str
) -> None:
    with pytest.raises(Misconfigured, match="GATEHOUSE_LOGIN_BY_MAIL_ALLOWED"):
        make_site(sqlite_url, GATEHOUSE_PROFILE=profile, **ALLOWED)


def test_asvs_6_5_4_a_code_has_eight_digits_by_chance() -> None:
    codes = {new_code() for _ in range(2000)}
    assert all(re.fullmatch(r"[0-9]{8}", each, re.ASCII) for each in codes)
    assert len(codes) > 1990
    assert {each[0] for each in codes} == set("0123456789")


@pytest.mark.parametrize(("seconds", "status"), [(599, 303), (601, 422)])
def test_asvs_6_5_5_a_code_lives_ten_minutes(
    site: GatehouseTester, seconds: int, status: int
) -> None:
    client = site.client()
    ask(client)
    typed = code(site)
    site.clock.move(timedelta(seconds=seconds))
    assert type_in(client, typed).status_code == status


@pytest.mark.parametrize(("seconds", "status"), [(599, 303), (601, 409)])
def test_asvs_6_5_5_a_link_lives_ten_minutes(
    one: GatehouseTester, seconds: int, status: int
) -> None:
    client = one.client()
    ask(client)
    path = link(one)
    one.clock.move(timedelta(seconds=seconds))
    assert use(client, path).status_code == status


def test_asvs_6_5_5_no_setting_lets_it_live_longer(make_site: MakeSite, sqlite_url: str) -> None:
    with pytest.raises(Misconfigured, match="at most 10m"):
        make_site(sqlite_url, **ALLOWED, GATEHOUSE_LOGIN_BY_MAIL_LIFETIME="900s")


def test_asvs_6_6_2_a_code_is_nothing_beside_another_letter(site: GatehouseTester) -> None:
    site.add_user("bob", email="bob@example.org")
    prove(site, "bob", "bob@example.org")
    alice, bob = site.client(), site.client()
    ask(alice)
    typed = code(site)
    ask(bob, "bob")
    assert type_in(bob, typed).status_code == 422
    assert type_in(site.client(), typed).status_code == 422
    assert session_rows(site) == 0
    assert type_in(alice, typed).status_code == 303


def test_asvs_6_6_2_a_link_in_another_browser_opens_nothing_and_stays_good(
    site: GatehouseTester,
) -> None:
    asking, other = site.client(), site.client()
    ask(asking)
    path = link(site)
    ask(other, "nobody")
    for client in (site.client(), other):
        before = snapshot(site, without=("gatehouse_throttle",))
        client.get(path)
        page = client.get("/login/mail/link/")
        assert page.status_code == 409
        assert ELSEWHERE in page.text
        assert "alice" not in page.text.casefold()
        data = {"csrf_token": token(client.get("/login/mail/"))}
        pressed = client.post("/login/mail/link/", data=data)
        assert pressed.status_code == 409
        assert ELSEWHERE in pressed.text
        assert snapshot(site, without=("gatehouse_throttle",)) == before
    assert use(asking, path).status_code == 303


def test_asvs_6_6_2_nobody_is_logged_in_as_somebody_else_by_a_link(one: GatehouseTester) -> None:
    """The letter of a stranger, sent on to a victim, must not put the victim into that account."""
    mallory, victim = one.client(), one.client()
    ask(mallory)
    assert use(victim, link(one)).status_code == 409
    assert not is_in(victim)


def test_asvs_6_6_3_a_code_is_tried_five_times(site: GatehouseTester) -> None:
    client = site.client()
    ask(client)
    typed = code(site)
    for _ in range(5):
        assert type_in(client, not_the(typed)).status_code == 422
    assert type_in(client, typed).status_code == 422
    assert session_rows(site) == 0
    # The link has more than there is to guess.
    assert use(client, link(site)).status_code == 303


def test_asvs_6_6_3_another_letter_gives_an_account_no_more_codes(
    make_site: MakeSite, database_url: str
) -> None:
    rate = {"GATEHOUSE_LOGIN_BY_MAIL_CODES": "10/1h"}
    site = peopled(make_site(database_url, **{**GENEROUS, **rate}))
    for _ in range(2):
        client = site.client()
        ask(client)
        for _ in range(5):
            assert type_in(client, not_the(code(site))).status_code == 422
    client = site.client()
    ask(client, "alice@example.org")
    typed = code(site)
    assert type_in(client, typed).status_code == 422
    assert session_rows(site) == 0
    assert use(client, link(site)).status_code == 303
    site.clock.move(timedelta(hours=1))
    client = site.client()
    ask(client)
    assert type_in(client, code(site)).status_code == 303


def test_thr_15_another_letter_replaces_the_code_and_resets_no_count(
    make_site: MakeSite, database_url: str
) -> None:
    rate = {"GATEHOUSE_LOGIN_BY_MAIL_CODES": "10/1h"}
    site = peopled(make_site(database_url, **{**GENEROUS, **rate}))
    client = site.client()
    ask(client)
    first = code(site)
    for _ in range(4):
        assert type_in(client, not_the(first)).status_code == 422
    site.clock.move(timedelta(seconds=1))
    ask(client)
    assert type_in(client, first).status_code == 422
    for _ in range(4):
        assert type_in(client, not_the(code(site))).status_code == 422
    site.clock.move(timedelta(seconds=1))
    ask(client)
    assert type_in(client, not_the(code(site))).status_code == 422
    # That was the tenth of the account, whatever the letter.
    assert type_in(client, code(site)).status_code == 422
    assert session_rows(site) == 0


def test_asvs_6_6_3_after_many_failures_only_a_link_opens_anything(
    make_site: MakeSite, database_url: str
) -> None:
    rate = {"GATEHOUSE_LOGIN_BY_MAIL_FAILURES": "6/30d"}
    site = peopled(make_site(database_url, **{**GENEROUS, **rate}))

    def refused(times: int) -> None:
        client = site.client()
        ask(client)
        for _ in range(times):
            assert type_in(client, not_the(code(site))).status_code == 422

    refused(4)
    refused(2)
    site.clock.move(timedelta(days=2))
    client = site.client()
    ask(client)
    assert type_in(client, code(site)).status_code == 422
    assert use(client, link(site)).status_code == 303
    refused(2)
    client = site.client()
    ask(client)
    assert type_in(client, code(site)).status_code == 303


def test_asvs_6_6_3_no_setting_allows_more_than_a_hundred_failures(
    make_site: MakeSite, sqlite_url: str
) -> None:
    with pytest.raises(Misconfigured, match="must not be more than 100 times"):
        make_site(sqlite_url, **ALLOWED, GATEHOUSE_LOGIN_BY_MAIL_FAILURES="101/30d")


def test_asvs_6_6_3_letters_beyond_the_limit_are_not_sent_and_nobody_is_told(
    make_site: MakeSite, database_url: str
) -> None:
    site = peopled(make_site(database_url, **ALLOWED))
    answers = [ask(site.client(), name) for name in ("alice", "alice@example.org") * 3]
    assert {(answer.status_code, answer.location) for answer in answers} == {
        (303, "/login/mail/sent/")
    }
    assert len(letters(site)) == 5


def answered(site: GatehouseTester, client: FlaskClient, name: str) -> tuple[object, ...]:
    """Return all that a stranger sees of the answers, and what the database was asked."""
    with written(site) as statements:
        answer = ask(client, name)
    page = client.get("/login/mail/sent/")
    bare = re.sub(r'value="[^"]+"', "", page.text)
    with written(site) as looked_at:
        wrong = type_in(client, "1234 5678")
    headers = sorted(name for name, _ in answer.headers)
    told = answer.status_code, answer.location, headers, bare, wrong.status_code
    return *told, len(str(cookie(client, LETTER))), statements, looked_at


STATES = ("nobody", "bob", "eve", "uma", "x@example.org", "carol")


def test_enu_03_who_gets_a_letter_to_log_in_by_is_told_to_nobody(site: GatehouseTester) -> None:
    with_every_state(site)
    answered(site, site.client(), "alice")
    first, *others = [answered(site, site.client(), name) for name in ("alice", *STATES)]
    for other in others:
        assert other == first


def test_enu_03_beyond_the_limit_of_an_account_the_answer_is_the_same(
    make_site: MakeSite, database_url: str
) -> None:
    rates = {
        "GATEHOUSE_LOGIN_BY_MAIL_ACCOUNT": "2/1h",
        "GATEHOUSE_LOGIN_BY_MAIL_CODES": "2/1h",
    }
    site = peopled(make_site(database_url, **{**GENEROUS, **rates}))
    with_every_state(site)

    def beyond(name: str) -> tuple[object, ...]:
        for _ in range(3):
            answered(site, site.client(), name)
        return answered(site, site.client(), name)

    first, *others = [beyond(name) for name in ("alice", *STATES)]
    for other in others:
        assert other == first


def test_enu_03_a_known_browser_is_told_nothing_about_other_names(one: GatehouseTester) -> None:
    with_every_state(one)
    known = one.client()
    sign_in(known)
    mark = str(cookie(known, "gatehouse_device"))

    def here(name: str) -> tuple[object, ...]:
        client = one.client()
        client.set_cookie("gatehouse_device", mark)
        return answered(one, client, name)

    here("nobody")
    first, *others = [here(name) for name in STATES]
    for other in others:
        assert other == first


def with_every_state(site: GatehouseTester) -> None:
    """Add bob without an address, eve suspended, uma unproven, and carol who may come in."""
    site.add_user("bob")
    for name in ("eve", "uma", "carol"):
        site.add_user(name, email=f"{name}@example.org")
        if name != "uma":
            prove(site, name, f"{name}@example.org")
    with site.work() as work:
        users.suspend(work, user=users.named(work.db, "eve"))


def test_enu_10_no_page_of_a_letter_to_log_in_by_says_whose_it_is(one: GatehouseTester) -> None:
    client = one.client()
    ask(client)
    path = link(one)
    pages = [client.get("/login/mail/sent/"), client.get(path), client.get("/login/mail/link/")]
    pages += [type_in(client, not_the(code(one)))]
    ask(one.client())
    pages += [client.get("/login/mail/link/")]
    assert [page.status_code for page in pages] == [200, 303, 200, 422, 409]
    for page in pages:
        assert "alice" not in f"{page.headers} {page.text}".casefold()


def test_mfa_11_a_code_stands_in_the_letter_and_nowhere_else(
    site: GatehouseTester, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = site.client()
    asked = ask(client)
    typed, secret = code(site), link(site).split("/")[3]
    pages = [asked, client.get("/login/mail/sent/"), client.get(f"/login/mail/{secret}/")]
    pages += [client.get("/login/mail/link/"), type_in(client, not_the(typed))]
    pages += [type_in(client, typed), client.get("/account/activity/")]
    (letter,) = letters(site)
    handed = f"gatehouse_mail-link={secret};"
    seen = [f"{page.headers} {page.text}".replace(handed, "") for page in pages]
    seen += [str(value) for _, value in letter.items()]
    seen += [each.getMessage() for each in caplog.records if each.name.startswith("gatehouse")]
    seen += [repr(rows) for rows in snapshot(site, without=("gatehouse_outbox",)).values()]
    for hidden in (typed, typed.replace(" ", ""), secret):
        assert not [text for text in seen if hidden in text]
    assert typed in said(letter)


def test_rst_15_machines_that_open_links_log_nobody_in(site: GatehouseTester) -> None:
    client = site.client()
    ask(client)
    path = link(site)
    machine = site.client()
    before = snapshot(site, without=("gatehouse_throttle",))
    for opener in (machine, client):
        for _ in range(3):
            opener.head(path)
            opener.get(path, follow_redirects=True)
            opener.get("/login/mail/link/?next=/account/")
    assert snapshot(site, without=("gatehouse_throttle",)) == before
    assert use(client, path).status_code == 303


def test_rst_18_neither_secret_nor_ticket_is_taken_from_a_form(one: GatehouseTester) -> None:
    client = one.client()
    ask(client)
    secret, ticket = link(one).split("/")[3], str(cookie(client, LETTER))
    stranger = one.client()
    data = {"csrf_token": token(stranger.get("/login/mail/")), "code": code(one)}
    data |= {"secret": secret, "ticket": ticket, "mail-letter": ticket, LETTER: ticket}
    for path in ("/login/mail/link/", "/login/mail/sent/"):
        answer = stranger.post(path, data=data, query_string=data)
        assert answer.status_code in {409, 422}
    assert not is_in(stranger)


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_red_02_a_letter_leads_to_pages_of_the_site_only(one: GatehouseTester, wanted: str) -> None:
    for by in ("code", "link"):
        client = one.client()
        data = {"csrf_token": token(client.get("/login/mail/")), "username": "alice"}
        asked = client.post("/login/mail/", data=data | {"next": wanted})
        assert asked.location == "/login/mail/sent/"
        if by == "code":
            done = type_in(client, code(one), next=wanted)
        else:
            done = use(client, link(one), next=wanted)
        assert done.location == "/admin/"
