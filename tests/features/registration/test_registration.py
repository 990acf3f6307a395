"""Making an account: it waits for the proof of its address, and what is not proven is no one's."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.features.proofs.errors import ProofSpent
from flask_gatehouse.features.registration import service
from flask_gatehouse.features.registration.purging import Lapsing
from flask_gatehouse.features.registration.service import Also, Applicant
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from flask_gatehouse.web.links import link_to
from tests import forms
from tests.conftest import MakeSite

ADDRESS = "new@example.org"
OTHER = "eleven calm badgers"
OPEN = {
    "GATEHOUSE_REGISTRATION_MODE": "open",
    "GATEHOUSE_REGISTRATION_NETWORK": "1000/1m",
    "GATEHOUSE_REGISTRATION_LETTERS": "1000/1m",
    "GATEHOUSE_REGISTRATION_PAUSE": "1000/1m",
    "GATEHOUSE_THROTTLING_LINKS": "1000/1m",
}


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each database, open to everybody."""
    return opened(make_site, database_url)


@pytest.fixture
def one(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    """The site on SQLite, where the database cannot matter."""
    return opened(make_site, sqlite_url)


def opened(make_site: MakeSite, url: str, **config: object) -> GatehouseTester:
    site = GatehouseTester(make_site(url, **(OPEN | config)))
    site.add_user("root", email="root@example.org", admin=True)
    return site


def register(
    client: FlaskClient, name: str = "newbie", address: str = ADDRESS, **fields: str
) -> TestResponse:
    filled = {"username": name, "email": address, "password": PASSWORD} | fields
    return forms.send(client, "/register/", **filled)


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def letters(site: GatehouseTester) -> list[EmailMessage]:
    return [mail for mail in site.mails() if "Confirm your address" in str(mail["Subject"])]


def secret(site: GatehouseTester) -> str:
    found = re.search(r"/verify/([A-Za-z0-9_-]{43})/", text(letters(site)[-1]))
    assert found is not None
    return found[1]


def code(site: GatehouseTester) -> str:
    found = re.search(r"^(\d{4} \d{4})\r?$", text(letters(site)[-1]), re.MULTILINE)
    assert found is not None
    return found[1]


def confirm(client: FlaskClient, key: str, **fields: str) -> TestResponse:
    client.get(f"/verify/{key}/")
    return forms.send(client, "/verify/link/", **fields)


def account(site: GatehouseTester, name: str) -> User | None:
    with site.work() as work, work.reading() as db:
        return users.find(db, name)


def upkeep(site: GatehouseTester) -> None:
    works = site.app.extensions["gatehouse"].works
    with site.app.app_context():
        Lapsing(works.house).do(works)


def command(site: GatehouseTester, *args: str) -> tuple[int, str]:
    done = site.app.test_cli_runner().invoke(args=["gatehouse", "registration", *args])
    return done.exit_code, done.output


def test_somebody_makes_an_account_and_confirms_it_by_the_link(site: GatehouseTester) -> None:
    client = site.client()
    assert register(client).location == "/verify/"
    assert "mailbox" in client.get("/verify/").text
    page = client.get(f"/verify/{secret(site)}/", follow_redirects=True)
    assert page.status_code == 200
    assert 'type="password"' not in page.text
    assert account(site, ADDRESS) is None
    assert forms.send(client, "/verify/link/").location == "/login/"
    found = account(site, ADDRESS)
    assert found is not None
    assert (found.username, found.email, found.is_admin) == ("newbie", ADDRESS, False)
    assert forms.sign_in(client, "newbie").status_code == 303
    assert client.get("/account/").status_code == 200


def test_the_code_of_the_letter_does_the_same(site: GatehouseTester) -> None:
    client = site.client()
    register(client)
    assert forms.send(client, "/verify/", code="0000 0000").status_code == 422
    assert forms.send(client, "/verify/", code=code(site)).location == "/login/"
    assert forms.sign_in(site.client(), ADDRESS).status_code == 303


def test_a_code_is_nothing_in_another_browser(one: GatehouseTester) -> None:
    register(one.client())
    assert forms.send(one.client(), "/verify/", code=code(one)).status_code == 422
    assert account(one, ADDRESS) is None


def test_before_the_proof_the_account_is_not_let_in(one: GatehouseTester) -> None:
    register(one.client())
    elsewhere = one.client()
    assert forms.sign_in(elsewhere, "newbie", "a wrong password").status_code == 401
    held = forms.sign_in(elsewhere, "newbie")
    assert held.location == "/verify/"
    assert forms.cookie(elsewhere) is None
    assert "Confirm your e-mail address first" in elsewhere.get("/verify/").text
    assert elsewhere.get("/account/").location.startswith("/login/")
    # Whoever knows the password may type the code of the letter here as well.
    assert forms.send(elsewhere, "/verify/", code=code(one)).location == "/login/"
    assert forms.sign_in(elsewhere, "newbie").location == "/admin/"


def test_a_right_password_that_is_held_uses_up_no_attempts(one: GatehouseTester) -> None:
    register(one.client())
    client = one.client()
    for _ in range(15):
        assert forms.sign_in(client, "newbie").location == "/verify/"


def test_who_runs_the_site_may_let_them_in_for_a_while(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = opened(make_site, sqlite_url, GATEHOUSE_REGISTRATION_UNVERIFIED_SIGN_IN="2d")
    client = site.client()
    register(client)
    assert forms.sign_in(client, "newbie").location == "/admin/"
    site.clock.move(timedelta(days=2))
    assert forms.sign_in(site.client(), "newbie").location == "/verify/"


def test_another_browser_has_to_choose_a_password(site: GatehouseTester) -> None:
    """Whoever registers with a stranger's mailbox must not know the password that stays."""
    register(site.client())
    owner = site.client()
    page = owner.get(f"/verify/{secret(site)}/", follow_redirects=True)
    assert 'type="password"' in page.text
    assert forms.send(owner, "/verify/link/").status_code == 422
    assert forms.send(owner, "/verify/link/", password="short").status_code == 422
    assert forms.send(owner, "/verify/link/", password=OTHER).location == "/login/"
    assert forms.sign_in(site.client(), "newbie").status_code == 401
    assert forms.sign_in(site.client(), "newbie", OTHER).status_code == 303
    # What was set at the same moment is no news to them.
    assert not [mail for mail in site.mails() if "password" in str(mail["Subject"]).lower()]


def test_whoever_registered_can_undo_a_change_of_their_address_from_the_first_day(
    one: GatehouseTester,
) -> None:
    client = one.client()
    register(client)
    confirm(client, secret(one))
    one.clock.move(timedelta(hours=1))
    forms.sign_in(client, "newbie")
    page = client.get("/account/addresses/")
    added = {"csrf_token": forms.token(page), "email": "newer@example.org"}
    assert client.post("/account/addresses/add/", data=added).status_code == 303
    letter = next(mail for mail in one.mails() if mail["To"] == "newer@example.org")
    found = re.search(r"/address/([\w-]{43})/", text(letter))
    assert found is not None
    client.get(f"/address/{found[1]}/")
    assert forms.send(client, "/address/").status_code == 303
    primary = {"csrf_token": forms.token(page), "address": "newer@example.org"}
    assert client.post("/account/addresses/primary/", data=primary).status_code == 303
    told = [text(mail) for mail in one.mails() if mail["To"] == ADDRESS]
    assert any("/address/undo/" in each for each in told)


def test_the_link_works_once_and_not_after_its_time(one: GatehouseTester) -> None:
    client = one.client()
    register(client)
    key = secret(one)
    one.clock.move(timedelta(hours=24))
    assert client.get(f"/verify/{key}/", follow_redirects=True).status_code == 409
    forms.sign_in(client, "newbie")
    again(client)
    newer = secret(one)
    assert newer != key
    assert confirm(client, newer).location == "/login/"
    assert client.get(f"/verify/{newer}/", follow_redirects=True).status_code == 409


def again(client: FlaskClient) -> TestResponse:
    shown = client.get("/verify/")
    return client.post("/register/again/", data={"csrf_token": forms.token(shown)})


def test_a_letter_that_is_sent_again_voids_the_one_before(one: GatehouseTester) -> None:
    client = one.client()
    register(client)
    first, typed = secret(one), code(one)
    one.clock.move(timedelta(seconds=1))
    assert again(client).location == "/verify/"
    assert len(letters(one)) == 2
    assert client.get(f"/verify/{first}/", follow_redirects=True).status_code == 409
    assert forms.send(client, "/verify/", code=typed).status_code == 422
    assert forms.send(client, "/verify/", code=code(one)).location == "/login/"


def test_a_browser_that_waits_for_nothing_is_sent_to_log_in(one: GatehouseTester) -> None:
    client = one.client()
    assert again(client).location == "/login/"
    assert letters(one) == []
    assert "have the letter sent once more" in client.get("/login/").text


def test_letters_that_are_asked_for_too_often_have_to_wait(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = opened(make_site, sqlite_url, GATEHOUSE_REGISTRATION_PAUSE="1/1m")
    client = site.client()
    register(client)
    assert again(client).status_code == 303
    refused = again(client)
    assert refused.status_code == 429
    assert "Retry-After" in refused.headers
    assert len(letters(site)) == 2


def test_thr_13_one_address_is_not_flooded_and_nobody_is_told(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = opened(make_site, sqlite_url, GATEHOUSE_REGISTRATION_LETTERS="2/1h")
    answers = [register(site.client(), f"stranger{n}") for n in range(4)]
    assert {answer.location for answer in answers} == {"/verify/"}
    assert len(letters(site)) == 2


def test_one_network_makes_so_many_accounts_and_no_more(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = opened(make_site, sqlite_url, GATEHOUSE_REGISTRATION_NETWORK="2/1h")
    answers = [register(site.client(), f"stranger{n}", f"s{n}@example.org") for n in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert account(site, "stranger2") is None


def test_what_nobody_proved_is_erased_and_its_name_is_free(site: GatehouseTester) -> None:
    register(site.client())
    site.clock.move(timedelta(days=6, hours=23))
    upkeep(site)
    assert account(site, "newbie") is not None
    site.clock.move(timedelta(hours=1))
    upkeep(site)
    assert account(site, "newbie") is None
    assert register(site.client()).location == "/verify/"


def test_an_account_that_got_a_role_meanwhile_stays(one: GatehouseTester) -> None:
    register(one.client())
    with one.work() as work:
        users.make_administrator(work, user=users.named(work.db, "newbie"))
    one.clock.move(timedelta(days=7))
    upkeep(one)
    assert account(one, "newbie") is not None
    assert forms.sign_in(one.client(), "newbie").location == "/admin/"


def test_the_first_to_prove_a_mailbox_voids_what_others_said(site: GatehouseTester) -> None:
    stranger, owner = site.client(), site.client()
    register(stranger, "stranger")
    key = secret(site)
    site.clock.move(timedelta(seconds=1))
    register(owner, "keeper")
    assert confirm(owner, secret(site)).location == "/login/"
    assert confirm_page(stranger, key) == 409
    found = account(site, ADDRESS)
    assert found is not None
    assert found.username == "keeper"
    upkeep(site)
    assert account(site, "stranger") is None
    assert account(site, "keeper") is not None


def test_what_was_voided_stays_void_when_the_address_is_free_again(site: GatehouseTester) -> None:
    stranger, owner = site.client(), site.client()
    register(stranger, "stranger")
    key = secret(site)
    site.clock.move(timedelta(seconds=1))
    register(owner, "keeper")
    confirm(owner, secret(site))
    with site.work() as work:
        users.erase(work, user_id=users.named(work.db, "keeper").id)
    assert stranger.get(f"/verify/{key}/", follow_redirects=True).status_code == 409
    assert confirm_page(stranger, key) == 409
    assert account(site, ADDRESS) is None


def confirm_page(client: FlaskClient, key: str) -> int:
    client.get(f"/verify/{key}/")
    sent = client.post(
        "/verify/link/", data={"csrf_token": forms.token(client.get("/login/")), "password": OTHER}
    )
    return sent.status_code


def race(site: GatehouseTester, *tasks: tuple[str, ...]) -> list[str]:
    """Call `service.verify` with secrets and tickets at once; return what became of each."""
    gate = threading.Barrier(len(tasks))

    def go(key: str, ticket: str) -> str:
        with site.app.app_context():
            gate.wait()
            try:
                with site.work() as work:
                    service.verify(work, secret=key, ticket=ticket)
            except Refusal as refusal:
                return refusal.code
        return "proven"

    with ThreadPoolExecutor(len(tasks)) as pool:
        return sorted(pool.map(lambda task: go(*task), tasks))


def asked(site: GatehouseTester, name: str) -> tuple[str, str]:
    """Register and return secret and ticket."""
    # Letters of one moment lie in no order.
    site.clock.move(timedelta(seconds=1))
    with site.app.test_request_context("/"), site.work() as work:
        made = service.register(
            work,
            applicant=Applicant(username=name, address=ADDRESS, password=PASSWORD),
            link_of=link_to("/verify/"),
            also=Also(),
        )
    return secret(site), made.ticket


def test_of_many_who_spend_one_link_at_once_one_does(site: GatehouseTester) -> None:
    task = asked(site, "newbie")
    done = race(site, *[task] * 8)
    assert done == ["proofs.spent"] * 7 + ["proven"]


def test_of_many_who_prove_one_mailbox_at_once_one_gets_it(site: GatehouseTester) -> None:
    tasks = [asked(site, f"someone{n}") for n in range(8)]
    assert race(site, *tasks) == ["proofs.spent"] * 7 + ["proven"]
    found = account(site, ADDRESS)
    assert found is not None
    upkeep(site)
    left = [n for n in range(8) if account(site, f"someone{n}") is not None]
    assert [f"someone{n}" for n in left] == [found.username]


def test_proving_and_erasing_at_once_leaves_all_or_nothing(site: GatehouseTester) -> None:
    key, ticket = asked(site, "newbie")
    site.clock.move(timedelta(days=6, hours=23, minutes=59))
    with site.app.test_request_context("/"), site.work() as work:
        ticket = service.resend(work, ticket=ticket, link_of=link_to("/verify/"))
    key = secret(site)
    gate = threading.Barrier(2)

    def prove() -> str:
        with site.app.app_context():
            gate.wait()
            try:
                with site.work() as work:
                    service.verify(work, secret=key, ticket=ticket)
            except Refusal as refusal:
                return refusal.code
        return "proven"

    def lapse() -> None:
        gate.wait()
        site.clock.move(timedelta(minutes=1))
        upkeep(site)

    with ThreadPoolExecutor(2) as pool:
        proving, lapsing = pool.submit(prove), pool.submit(lapse)
        lapsing.result()
        told = proving.result()
    found = account(site, ADDRESS)
    assert (found is not None) == (told == "proven")
    assert (account(site, "newbie") is not None) == (told == "proven")


def test_of_many_who_take_one_name_at_once_one_gets_it(site: GatehouseTester) -> None:
    gate = threading.Barrier(8)

    def go(n: int) -> str:
        with site.app.test_request_context("/"):
            gate.wait()
            try:
                with site.work() as work:
                    service.register(
                        work,
                        applicant=Applicant(
                            username="newbie", address=f"n{n}@example.org", password=PASSWORD
                        ),
                        link_of=link_to("/verify/"),
                        also=Also(),
                    )
            except Refusal as refusal:
                return refusal.code
        return "made"

    with ThreadPoolExecutor(8) as pool:
        done = sorted(pool.map(go, range(8)))
    assert done == ["made"] + ["users.name_taken"] * 7


def test_who_is_signed_in_is_not_asked_to_register(one: GatehouseTester) -> None:
    client = one.client()
    forms.sign_in(client, "root")
    assert client.get("/register/").location == "/admin/"


def test_the_login_page_leads_here_where_strangers_may_register(
    make_site: MakeSite, sqlite_url: str, one: GatehouseTester
) -> None:
    assert 'href="/register/"' in one.client().get("/login/").text
    usual = GatehouseTester(make_site(sqlite_url))
    assert 'href="/register/"' not in usual.client().get("/login/").text
    assert "By invitation only" in usual.client().get("/register/").text


def test_only_addresses_of_certain_domains(make_site: MakeSite, sqlite_url: str) -> None:
    site = opened(
        make_site,
        sqlite_url,
        GATEHOUSE_REGISTRATION_MODE="domains",
        GATEHOUSE_REGISTRATION_DOMAINS="Example.org, bücher.example",
    )
    for address in ("a@example.net", "a@sub.example.org", "a@example.org.example.net"):
        refused = register(site.client(), address=address)
        assert refused.status_code == 422
        assert "certain organisations" in refused.text
    assert register(site.client(), "one", "a@EXAMPLE.org").status_code == 303
    assert register(site.client(), "two", "a@xn--bcher-kva.example").status_code == 303


def test_what_fills_in_the_trap_is_told_the_same_and_makes_nothing(one: GatehouseTester) -> None:
    client = one.client()
    assert register(client, website="https://example.net/").location == "/verify/"
    assert client.get("/verify/").status_code == 200
    assert account(one, "newbie") is None
    assert letters(one) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"username": "ROOT"}, "reserved"),
        ({"username": "a d m"}, "no spaces"),
        ({"username": ""}, "Choose a user name"),
        ({"email": "no address"}, "not an e-mail address"),
        ({"password": "short"}, "at least 15 characters"),
        ({"password": "new@example.org!"}, "password"),
    ],
)
def test_what_cannot_be_used_is_told_at_its_field_and_makes_nothing(
    one: GatehouseTester, fields: dict[str, str], sentence: str
) -> None:
    refused = register(one.client(), **fields)
    assert refused.status_code == 422
    assert sentence in refused.text
    assert account(one, "newbie") is None
    assert letters(one) == []


def test_a_name_that_somebody_has_is_told(one: GatehouseTester) -> None:
    one.add_user("taken")
    refused = register(one.client(), "Taken")
    assert refused.status_code == 422
    assert "Somebody has this user name" in refused.text


def test_who_runs_the_site_sees_who_waits_and_sends_the_letter_again(one: GatehouseTester) -> None:
    register(one.client())
    assert f"newbie  {ADDRESS}  until 2026-06-22" in command(one, "list")[1]
    assert '"username": "newbie"' in command(one, "list", "--json")[1]
    one.clock.move(timedelta(seconds=1))
    assert command(one, "resend", "newbie") == (0, "Sent newbie the letter again.\n")
    assert len(letters(one)) == 2
    exit_code, said = command(one, "resend", "root")
    assert exit_code != 0
    assert "Traceback" not in said
    confirm(one.client(), secret(one), password=OTHER)
    assert command(one, "list") == (0, "")


def test_a_link_of_an_account_that_was_suspended_opens_nothing(one: GatehouseTester) -> None:
    client = one.client()
    register(client)
    with one.work() as work:
        users.suspend(work, user=users.named(work.db, "newbie"))
    with one.work() as work, pytest.raises(ProofSpent):
        service.asks_password(work, secret=secret(one), ticket="")
