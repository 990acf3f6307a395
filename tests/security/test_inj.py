"""Text that people typed stays text: in pages, in letters, in headers, in queries. INJ-01 to 09."""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from flask_gatehouse.features.mail import service
from flask_gatehouse.features.mail.letters import Letters
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.forms import send
from tests.security.walk import UNLIMITED, ask, engine_of, people, routes

#: Ends a text, an attribute or a script, and would then run.
MARKUP = "\"'></title></script><img src=x onerror=alert(1)>"
#: Whoever computes it writes 1787569.
TEMPLATE = "{{ 1337*1337 }}${1337*1337}{% print 1337*1337 %}"
COMPUTED = str(1337 * 1337)

HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
}


@pytest.fixture
def typed(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    """A site of which every text is markup and a template, though the forms would refuse it."""
    name = f"{MARKUP} {TEMPLATE}"
    return GatehouseTester(make_site(sqlite_url, GATEHOUSE_SITE_NAME=name, **UNLIMITED))


def filled_in(site: GatehouseTester) -> dict[str, FlaskClient]:
    """Return browsers that say and have nothing but markup, with an invitation that is open."""
    clients = people(site)
    send(clients["administrator"], "/admin/invitations/", email="{{1337*1337}}@example.org")
    with engine_of(site.app).begin() as connection:
        for person in ("member", "chief"):
            own = {"username": f"{MARKUP}{person}", "email": f"{TEMPLATE}{person}@example.org"}
            connection.execute(update(User).where(User.username == person).values(own))
    for client in clients.values():
        client.environ_base["HTTP_USER_AGENT"] = f"{MARKUP} {TEMPLATE} Firefox/140.0"
    send(clients["anonymous"], "/login/", username=f"{MARKUP}{TEMPLATE}", password=MARKUP)
    return clients


def shown_pages(site: GatehouseTester, clients: dict[str, FlaskClient]) -> Iterator[TestResponse]:
    """Yield every page that is HTML, as each kind of person sees it."""
    for client in clients.values():
        for route in routes(site.app):
            page = ask(client, route.path)
            if page.mimetype == "text/html":
                yield page


class Drawn(HTMLParser):
    """What a browser makes of a page: which elements could do something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.does: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.does.append(f"<{tag}>")
        if tag == "img" and given.get("src") == "x":
            self.does.append("what was typed")
        self.does += [name for name in given if name == "style" or name.startswith("on")]


def is_only_text(text: str) -> bool:
    return "<img src=x" not in text and COMPUTED not in text


def test_inj_01_what_people_typed_is_text_on_every_page(typed: GatehouseTester) -> None:
    clients = filled_in(typed)
    showing = 0
    for page in shown_pages(typed, clients):
        assert is_only_text(page.text), page.request.path
        assert Drawn(page.text).does == [], page.request.path
        showing += "&lt;img src=x" in page.text
    # The walk would find it: most pages name the site or who is signed in.
    assert showing > 20
    people_page = ask(clients["administrator"], "/admin/people/").text
    assert "&lt;img src=x onerror=alert(1)&gt;member" in people_page


def test_inj_01_what_people_typed_is_text_in_every_letter(typed: GatehouseTester) -> None:
    house = typed.app.extensions["gatehouse"].house
    for name in house.part(Letters).names():
        said = service.sample(house, letter=name)
        assert said.html is not None
        assert "<img src=x" not in said.html, name
        assert "&lt;img src=x" in said.html, name


@pytest.mark.parametrize(
    "tail",
    [
        "\r\nBcc: eve@example.com",
        "\nBcc: eve@example.com",
        "\r\n Bcc: eve@example.com",
        "%0d%0aBcc: eve@example.com",
        "\N{LINE SEPARATOR}Bcc: eve@example.com",
        "\N{NEXT LINE}Bcc: eve@example.com",
        ", eve@example.com",
        ";eve@example.com",
        " <eve@example.com>",
        "=?utf-8?q?=0d=0aBcc=3a_eve=40example.com?=",
    ],
)
def test_inj_02_no_line_break_makes_a_header_or_a_recipient(
    patient: GatehouseTester, tail: str
) -> None:
    clients = people(patient)
    send(clients["anonymous"], "/recover/", username=f"member@example.org{tail}")
    send(clients["anonymous"], "/recover/", username=f"member{tail}")
    send(clients["administrator"], "/admin/invitations/", email=f"new@example.org{tail}")
    send(clients["administrator"], "/admin/invitations/", email=f"{tail}new@example.org")
    # What is asked for without it is sent.
    send(clients["anonymous"], "/recover/", username="member@example.org")
    mails = patient.mails()
    assert "member@example.org" in {str(mail["To"]) for mail in mails}
    for mail in mails:
        assert set(mail.keys()) == HEADERS
        assert "eve@" not in str(mail["To"])
        assert len(mail["To"].addresses) == 1


def test_inj_03_letters_to_addresses_that_nobody_proved_say_nothing_that_was_typed(
    patient: GatehouseTester,
) -> None:
    chief = people(patient)["administrator"]
    with engine_of(patient.app).begin() as connection:
        named = update(User).where(User.username == "chief")
        connection.execute(named.values(username="WIN http://evil.example"))
    send(chief, "/admin/invitations/", email="stranger@example.org")
    (mail,) = (mail for mail in patient.mails() if mail["To"] == "stranger@example.org")
    assert "WIN" not in str(mail["Subject"])
    for said in bodies(mail):
        assert "evil.example" not in said
        assert set(re.findall(r"https?://([^/\s\"'<]+)", said)) == {"127.0.0.1:5000"}


def bodies(mail: EmailMessage) -> Iterator[str]:
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        yield part.get_content()


def test_inj_04_what_people_typed_is_never_a_template(typed: GatehouseTester) -> None:
    clients = filled_in(typed)
    literally = 0
    for page in shown_pages(typed, clients):
        assert COMPUTED not in page.text, page.request.path
        literally += "{{ 1337*1337 }}" in page.text
    assert literally > 20
    for mail in typed.mails():
        assert COMPUTED not in str(mail["Subject"])
        for said in bodies(mail):
            assert COMPUTED not in said
            assert "{{ 1337*1337 }}" in said


def test_inj_07_errors_repeat_nothing_and_say_what_they_are(patient: GatehouseTester) -> None:
    wanted = "<img src=x onerror=alert(1)>"
    client = patient.client()
    client.environ_base["HTTP_USER_AGENT"] = wanted
    everywhere = {"X-Forwarded-Host": wanted, "Referer": f"http://localhost/{wanted}"}
    answers = [
        ask(client, f"/{wanted}"),
        ask(client, f"/nothing?q={wanted}", headers=everywhere),
        ask(client, f"/invitation/{wanted}/"),
        ask(client, f"/healthz?{wanted}", "POST", data={wanted: wanted}),
        ask(client, f"/login/?{wanted}", "POST", data={"username": wanted, "csrf_token": wanted}),
        ask(client, "/login/", "POST", data=wanted, content_type="application/json"),
        ask(client, "/login/", "POST", data={"username": wanted * 4000}),
        ask(people(patient)["member"], f"/admin/people/?q={wanted}"),
    ]
    assert {answer.status_code for answer in answers} >= {400, 403, 404, 405, 413}
    for answer in answers:
        assert "<img src=x" not in answer.text, answer.request
        assert "alert(1)" not in answer.text, answer.request
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.mimetype in {"text/html", "application/json"}

    told = ask(client, f"/{wanted}", headers={"Accept": "application/json"})
    assert "alert(1)" not in told.text


@pytest.mark.parametrize(
    "query", ["q=%25", "q=_", "q='", "q=%22", "q=%5C", "q=%27%20OR%201=1%20--", "q=*"]
)
def test_inj_08_a_search_is_for_the_text_that_was_typed(
    generous: GatehouseTester, query: str
) -> None:
    chief = people(generous)["administrator"]
    page = ask(chief, f"/admin/people/?{query}")
    assert page.status_code == 200
    for name in ("member", "gone"):
        assert f"{name}@example.org" not in page.text


@pytest.mark.parametrize(
    "query",
    [
        "sort=(select+1)",
        "order=encoded",
        "filter=password__regex",
        "password__startswith=a",
        "page=1;drop+table+gatehouse_user",
        "page=-1",
        "page=99999999999999999999",
        "q=member&q=(select+1)",
    ],
)
def test_inj_08_nothing_else_of_an_address_reaches_the_database(
    generous: GatehouseTester, query: str
) -> None:
    chief = people(generous)["administrator"]
    page = ask(chief, f"/admin/people/?{query}")
    assert page.status_code == 200
    if "page=9" not in query:
        assert "member@example.org" in page.text


def test_inj_09_no_page_needs_a_script_or_a_style_within_it(patient: GatehouseTester) -> None:
    seen = 0
    for page in shown_pages(patient, people(patient)):
        policy = page.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, page.request.path
        assert "default-src 'none'" in policy or "default-src 'self'" in policy
        assert Drawn(page.text).does == [], page.request.path
        seen += 1
    assert seen > 50
