"""Letters as people get them: from the real site, by TLS to a mail server, opened in a browser."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.looking import (
    NARROWEST,
    PASSWORD,
    WIDE,
    Camera,
    path_of,
    sideways,
    sign_in,
    violations,
)
from tests.browser.running import COMMAND, PATIENCE, Site, environment
from tests.features.mail.smtp_server import LOGIN, Authority, Mailbox, serving

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

#: Not in ASCII, so that letters have to be decoded.
NAME = "Café Türmchen"
NEW_PASSWORD = "eleven calm badgers"

PAGES_OF_LINKS = {
    "/address/",
    "/address/undo/",
    "/invited/",
    "/leave/undo/",
    "/login/mail/link/",
    "/recover/new/",
    "/verify/link/",
}


class _Links(HTMLParser):
    """Where the links of a letter lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found |= {value for name, value in attrs if name == "href" and value}


@dataclass(frozen=True)
class Received:
    """One letter, as a mail client reads it."""

    message: EmailMessage

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def link(self) -> str:
        """The one link, which both parts have, and which leads nowhere else."""
        (link,) = re.findall(r"https?://\S+", self.text)
        assert _Links(self.html).found == {link}
        assert isinstance(link, str)
        return link

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        assert part.get_content_charset() == "utf-8"
        content = part.get_content()
        assert isinstance(content, str)
        return content


@dataclass
class PostOffice:
    """The site, and the mail server to which it hands its letters."""

    site: Site
    mailbox: Mailbox
    seen: set[str] = field(default_factory=set)

    def letter(self, to: str, subject: str) -> Received:
        """Wait for a letter that nobody has read yet."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for message in tuple(self.mailbox.messages):
                new = message["Message-ID"] not in self.seen
                if new and (message["To"], message["Subject"]) == (to, subject):
                    self.seen.add(message["Message-ID"])
                    return Received(message)
            time.sleep(0.02)
        came = [(each["To"], each["Subject"]) for each in self.mailbox.messages]
        raise AssertionError(f"no letter {subject!r} to {to} among {came}\n{self.site.output}")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostOffice]:
    """A site whose people were made by command line, and a server that knows its password."""
    home = tmp_path_factory.mktemp("office") / "home"
    authority = Authority(tmp_path_factory.mktemp("authority"))
    mailbox = Mailbox()
    with ExitStack() as stack:
        port = stack.enter_context(
            serving(mailbox, starttls=authority.server("127.0.0.1"), login=True)
        )
        login = ":".join(quote(each, safe="") for each in LOGIN)
        settings = {
            "GATEHOUSE_MAIL_URL": f"smtp://{login}@127.0.0.1:{port}?ca={authority.path}",
            "GATEHOUSE_MAIL_SENDER": f"{NAME} <door@club.example>",
            "GATEHOUSE_SITE_NAME": NAME,
            "GATEHOUSE_REGISTRATION_MODE": "open",
            "GATEHOUSE_LOGIN_BY_MAIL_ALLOWED": "yes",
            "GATEHOUSE_PASSWORDS_HASH_TIME": "2",
            "GATEHOUSE_PASSWORDS_HASH_MEMORY": "19MiB",
        }
        _command(home, settings, "db", "upgrade")
        people = (("ada", "--admin"), ("ben",), ("cleo",), ("dora",), ("hugo",), ("iris",))
        for name, *more in people:
            words = ("users", "create", name, "--email", f"{name}@example.org", *more)
            _command(home, settings, *words, "--password-stdin", typed=PASSWORD)
        known = ("users", "address", "add", "iris", "iris@example.org", "--proven")
        _command(home, settings, *known)
        site = stack.enter_context(Site(home, **settings))
        yield PostOffice(site, mailbox)
        assert "Traceback" not in site.output


def _command(home: Path, settings: dict[str, str], *words: str, typed: str = "") -> None:
    subprocess.run(
        [COMMAND, *words],
        env=environment(home, **settings),
        input=f"{typed}\n",
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.fixture
def page(new_page: NewPage, office: PostOffice) -> Page:
    """One page of the site that sends letters."""
    return new_page(office.site)


def _open(page: Page, letter: Received, camera: Camera, name: str) -> None:
    """Read a letter in the browser, as it is shown by a mail client, and press its button."""
    _read(page, letter, camera, name)
    page.locator("a.button").click()
    page.wait_for_load_state()
    # The secret goes into a cookie, and out of the address bar.
    assert path_of(page) in PAGES_OF_LINKS


def _read(page: Page, letter: Received, camera: Camera, name: str) -> None:
    # No page of the site, whose policy would be that of the letter as well.
    page.goto("about:blank")
    page.set_content(letter.html)
    _judge(page)
    camera.take(page, f"letter-{name}")


def _judge(page: Page) -> None:
    for size in (NARROWEST, WIDE):
        page.set_viewport_size(size)
        assert sideways(page) == 0, size
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        # A letter is a part of the page of a mail client, which has the landmarks.
        found = [each for each in violations(page) if not each.startswith(("landmark", "region"))]
        assert not found, (scheme, found)


def _press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name).click()


def _ask(page: Page, name: str) -> None:
    page.goto("/recover/")
    page.get_by_label("User name or e-mail address").fill(name)
    _press(page, "Send the letter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")


def _may_sign_in(page: Page, name: str, password: str) -> None:
    page.goto("/login/")
    sign_in(page, name, password)
    expect(page.get_by_role("heading", level=1)).to_have_text("Admin")


def test_a_letter_says_whom_it_is_from_in_every_part(page: Page, office: PostOffice) -> None:
    _ask(page, "ada")
    letter = office.letter("ada@example.org", f"A new password for {NAME}")
    message = letter.message
    assert message["From"] == f"{NAME} <door@club.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    for said in (letter.text, letter.html):
        assert NAME in said
    # Nobody can send by this server without our password, nor read on the way what we send.
    assert set(office.mailbox.logins) == {LOGIN}
    assert letter.link.startswith(f"{office.site.url}/recover/")


def test_a_forgotten_password_is_replaced_by_the_link_of_a_letter(
    page: Page, office: PostOffice, camera: Camera
) -> None:
    _ask(page, "ben@example.org")
    letter = office.letter("ben@example.org", f"A new password for {NAME}")

    _open(page, letter, camera, "recovery")
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a new password")
    page.get_by_label("New password").fill(NEW_PASSWORD)
    _press(page, "Save password")
    expect(page.get_by_role("status")).to_have_text("Your password is set. Please log in with it.")
    changed = office.letter("ben@example.org", f"Your password at {NAME} was changed")
    _read(page, changed, camera, "password-changed")
    _may_sign_in(page, "ben", NEW_PASSWORD)

    page.context.clear_cookies()
    page.goto(letter.link)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link does not work")


def test_a_forgotten_password_is_replaced_by_the_code_of_a_letter(
    page: Page, office: PostOffice
) -> None:
    _ask(page, "cleo")
    letter = office.letter("cleo@example.org", f"A new password for {NAME}")
    (code,) = re.findall(r"^(\d{4} \d{4})\r?$", letter.text, re.MULTILINE)
    assert code in letter.html

    page.get_by_label("Code from the letter").fill(code)
    page.get_by_label("New password").fill(NEW_PASSWORD)
    _press(page, "Save password")
    expect(page.get_by_role("status")).to_have_text("Your password is set. Please log in with it.")
    _may_sign_in(page, "cleo", NEW_PASSWORD)


def _ask_to_log_in(page: Page, office: PostOffice) -> Received:
    page.goto("/login/?next=/account/devices/")
    page.get_by_role("link", name="Log in by a letter").click()
    page.get_by_label("User name or e-mail address").fill("iris")
    _press(page, "Send the letter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    return office.letter("iris@example.org", f"Log in to {NAME}")


def test_somebody_logs_in_by_the_code_of_a_letter_that_was_read_elsewhere(
    page: Page, new_page: NewPage, office: PostOffice, camera: Camera
) -> None:
    letter = _ask_to_log_in(page, office)
    elsewhere = new_page(office.site)
    _open(elsewhere, letter, camera, "login-by-mail")
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Another browser asked")

    (code,) = re.findall(r"^(\d{4} \d{4})\r?$", letter.text, re.MULTILINE)
    assert code in letter.html
    page.get_by_label("Code from the letter").fill(code)
    _press(page, "Log in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your devices")
    elsewhere.reload()
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("This link does not work")


def test_somebody_logs_in_by_the_link_of_a_letter(
    page: Page, office: PostOffice, camera: Camera
) -> None:
    _open(page, _ask_to_log_in(page, office), camera, "login-by-mail")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    _press(page, "Log in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your devices")


def _register(page: Page, name: str, address: str) -> None:
    page.goto("/login/")
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("User name").fill(name)
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Password").fill(NEW_PASSWORD)
    _press(page, "Make the account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")


def test_a_new_account_is_confirmed_by_the_link_of_its_letter(
    page: Page, office: PostOffice, camera: Camera
) -> None:
    _register(page, "finn", "finn@example.org")
    page.goto("/login/")
    sign_in(page, "finn", NEW_PASSWORD)
    expect(page.get_by_role("status")).to_contain_text("Confirm your e-mail address first")

    letter = office.letter("finn@example.org", f"Confirm your address for {NAME}")
    _open(page, letter, camera, "registration")
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your e-mail address")
    _press(page, "Confirm the address")
    expect(page.get_by_role("status")).to_contain_text("Your e-mail address is confirmed.")
    _may_sign_in(page, "finn", NEW_PASSWORD)


def test_a_new_account_is_confirmed_by_the_code_and_elsewhere_by_a_new_password(
    page: Page, new_page: NewPage, office: PostOffice
) -> None:
    _register(page, "gwen", "gwen@example.org")
    first = office.letter("gwen@example.org", f"Confirm your address for {NAME}")
    elsewhere = new_page(office.site)
    elsewhere.goto(first.link)
    expect(elsewhere.get_by_label("Password")).to_be_visible()

    (code,) = re.findall(r"^(\d{4} \d{4})\r?$", first.text, re.MULTILINE)
    page.get_by_label("Code from the letter").fill(code)
    _press(page, "Confirm the address")
    expect(page.get_by_role("status")).to_contain_text("Your e-mail address is confirmed.")
    _may_sign_in(page, "gwen", NEW_PASSWORD)


def test_the_owner_of_an_address_is_told_that_somebody_registered_with_it(
    page: Page, office: PostOffice, camera: Camera
) -> None:
    _register(page, "mallory", "ada@example.org")
    letter = office.letter("ada@example.org", f"You have an account at {NAME} already")
    assert not re.findall(r"https?://", letter.text)
    _read(page, letter, camera, "registration-known")


def test_a_change_of_address_is_confirmed_at_the_new_one_and_undone_from_the_old_one(
    page: Page, new_page: NewPage, office: PostOffice, camera: Camera
) -> None:
    page.goto("/login/?next=/account/addresses/")
    sign_in(page, "hugo")
    page.get_by_label("E-mail address").fill("stranger@example.org")
    page.get_by_role("button", name="Send the letter", exact=True).click()
    letter = office.letter("stranger@example.org", f"Confirm your address at {NAME}")
    _open(page, letter, camera, "address")
    _press(page, "Confirm the address")
    page.set_viewport_size(WIDE)
    page.get_by_role("button", name="Make primary").click()
    expect(page.get_by_role("status")).to_have_text("Letters go to that address from now on.")

    owner = new_page(office.site)
    told = office.letter("hugo@example.org", f"Your primary address at {NAME} was changed")
    _open(owner, told, camera, "address-replaced")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Undo the change?")
    _press(owner, "Undo the change")
    expect(owner.get_by_role("status")).to_contain_text("The change is undone")
    page.reload()
    assert path_of(page).startswith("/login/")


def test_whoever_is_invited_makes_an_account_by_the_letter(
    page: Page, new_page: NewPage, office: PostOffice, camera: Camera
) -> None:
    page.goto("/login/?next=/admin/invitations/")
    sign_in(page, "ada")
    page.get_by_label("E-mail address").fill("eve@example.org")
    _press(page, "Send the invitation")
    expect(page.get_by_role("status")).to_have_text("The invitation is on its way.")

    guest = new_page(office.site)
    letter = office.letter("eve@example.org", f"Your invitation to {NAME}")
    _open(guest, letter, camera, "invited")
    expect(guest.get_by_role("heading", level=1)).to_have_text("Make your account")
    guest.get_by_label("User name").fill("eve")
    guest.get_by_label("Password").fill(NEW_PASSWORD)
    _press(guest, "Make the account")
    expect(guest.get_by_role("status")).to_have_text("Your account is made. Please log in.")
    _may_sign_in(guest, "eve", NEW_PASSWORD)
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("Nobody is invited at the moment.")


def test_whoever_left_comes_back_by_the_letter(
    page: Page, office: PostOffice, camera: Camera
) -> None:
    page.goto("/login/?next=/account/leave/")
    sign_in(page, "dora")
    _press(page, "Delete my account")
    expect(page.get_by_role("status")).to_contain_text("Your account is closed.")
    sign_in(page, "dora")
    expect(page.get_by_role("alert")).to_have_text("Invalid username or password.")

    letter = office.letter("dora@example.org", f"Your account at {NAME} will be deleted")
    _open(page, letter, camera, "leaving")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep your account?")
    _press(page, "Keep my account")
    expect(page.get_by_role("status")).to_have_text("Your account is open again. Please log in.")
    _may_sign_in(page, "dora", PASSWORD)
