"""Passkeys in Chromium, with keepers that it plays itself: made, used, and removed."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from flask_gatehouse.testing import GatehouseTester, settings_for_tests
from gatehouse_site.app import create_app
from tests.browser.conftest import NewPage
from tests.browser.looking import (
    NARROWEST,
    WIDE,
    Camera,
    kept,
    path_of,
    sideways,
    sign_in,
    turn,
    violations,
)
from tests.browser.running import PATIENCE, Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

#: Lets the browser offer no passkeys by itself: it takes the first one at once, without a person.
NO_AUTOFILL = "window.PublicKeyCredential.isConditionalMediationAvailable = async () => false"

OPTIONS = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "automaticPresenceSimulation": True,
}
PLATFORM = {
    **OPTIONS,
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}
ROAMING = {**OPTIONS, "transport": "usb", "hasResidentKey": False, "hasUserVerification": False}


@dataclass
class Keeper:
    """A keeper of passkeys that the browser plays."""

    session: CDPSession
    id: str

    @property
    def keys(self) -> list[dict[str, Any]]:
        """What it keeps."""
        found = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        keys: list[dict[str, Any]] = found["credentials"]
        return keys

    def be(self, **what: bool) -> None:
        """Change whether it verifies its holder."""
        self.session.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": self.id, "isUserVerified": what["verified"]},
        )


def keeper(page: Page, options: dict[str, Any] = PLATFORM) -> Keeper:
    """Give the browser of a page a keeper of passkeys."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable", {"enableUI": False})
    added = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Keeper(session, added["authenticatorId"])


@pytest.fixture(scope="module")
def keyed_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with somebody for each of these tests."""
    home = tmp_path_factory.mktemp("keyed") / "home"
    home.mkdir()
    app = create_app(settings_for_tests(home))
    tester = GatehouseTester(app)
    tester.add_user("keeper", admin=True)
    for name in (
        "ann",
        "bea",
        "cem",
        "dan",
        "eva",
        "fay",
        "gus",
        "hal",
        "ida",
        "jon",
        "kim",
        "leo",
    ):
        tester.add_user(name, email=f"{name}@example.org")
    app.extensions["gatehouse"].works.engine.dispose()
    with Site(
        home,
        GATEHOUSE_THROTTLING_NETWORK="10000/10m",
        GATEHOUSE_REGISTRATION_MODE="open",
        GATEHOUSE_REGISTRATION_NETWORK="10000/1h",
    ) as site:
        yield site


@pytest.fixture
def visit(new_page: NewPage, keyed_site: Site) -> Callable[..., Page]:
    """Open a page of that site by its name."""

    def visit(*, autofill: bool = False, by_name: bool = True, **options: Any) -> Page:
        page = new_page(keyed_site, by_name=by_name, **options)
        if not autofill:
            page.context.add_init_script(NO_AUTOFILL)
        return page

    return visit


def make(page: Page, name: str = "Laptop") -> None:
    """Make a passkey on the page for it; the first one comes with codes on paper."""
    page.goto("/account/passkeys/add/")
    page.get_by_label("What to call it").fill(name)
    page.get_by_role("button", name="Make a passkey").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile("Keep these codes|Passkeys and second steps"))
    page.goto("/account/factors/")
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def enter(page: Page, name: str) -> None:
    """Sign in by password."""
    page.goto("/login/")
    sign_in(page, name)
    page.wait_for_url("**/admin/")


def leave(page: Page) -> None:
    """Sign out."""
    page.goto("/account/")
    page.get_by_role("main").get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/login/"))


def look(page: Page) -> None:
    """See that nothing is cut off or hard to use, narrow and wide, light and dark."""
    for size in (WIDE, NARROWEST):
        for scheme in ("light", "dark"):
            turn(page, size, scheme)
            assert sideways(page) == 0
            assert violations(page) == []
    turn(page, WIDE, "light")
    assert kept(page) == {}


def test_a_passkey_is_made_and_signs_in_by_the_button(
    visit: Callable[..., Page], camera: Camera
) -> None:
    page = visit()
    mine = keeper(page)
    enter(page, "ann")
    page.goto("/account/passkeys/add/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Make a passkey")
    look(page)
    camera.take(page, "passkey-add")
    make(page)
    assert [key["rpId"] for key in mine.keys] == ["localhost"]
    leave(page)
    expect(page.get_by_role("button", name="Use a passkey")).to_be_visible()
    look(page)
    camera.take(page, "passkey-login")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    expect(page.get_by_role("main")).to_contain_text("ann")


def test_the_browser_offers_it_where_a_name_is_typed(visit: Callable[..., Page]) -> None:
    page = visit(autofill=True)
    enter(page, "bea")
    keeper(page)
    make(page)
    page.goto("/account/")
    page.get_by_role("main").get_by_role("button", name="Log out").click()
    # It asks nobody: it takes the passkey that there is.
    expect(page).to_have_url(re.compile("/admin/$"))
    expect(page.get_by_role("main")).to_contain_text("bea")


def test_whoever_wanted_a_page_comes_to_it(visit: Callable[..., Page]) -> None:
    page = visit()
    keeper(page)
    enter(page, "cem")
    make(page)
    leave(page)
    page.goto("/account/devices/")
    page.get_by_label("Remember me").check()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/account/devices/$"))
    assert "gatehouse_remember" in {each["name"] for each in page.context.cookies()}


def test_a_security_key_is_the_second_step_after_a_password(
    visit: Callable[..., Page], camera: Camera
) -> None:
    page = visit()
    keeper(page, ROAMING)
    enter(page, "ida")
    make(page, "Key on the ring")
    expect(page.get_by_text("Security key", exact=True)).to_be_visible()
    leave(page)
    page.goto("/login/?next=/account/devices/")
    sign_in(page, "ida")
    expect(page).to_have_url(re.compile("/second-step/passkey/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your passkey")
    look(page)
    camera.take(page, "passkey-second-step")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/account/devices/$"))


def test_a_passkey_confirms_and_is_called_otherwise_and_removed(
    visit: Callable[..., Page], camera: Camera
) -> None:
    page = visit()
    mine = keeper(page)
    enter(page, "jon")
    make(page, "Old name")
    leave(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    page.goto("/confirm/?next=/account/factors/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    look(page)
    camera.take(page, "passkey-confirm")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/account/factors/$"))
    card = page.get_by_role("article", name="Old name")
    card.get_by_role("textbox").fill("New name")
    card.get_by_role("button", name="Save name").click()
    expect(page.get_by_role("heading", name="New name")).to_be_visible()
    look(page)
    camera.take(page, "passkey-factors")
    assert len(mine.keys) == 1
    card = page.get_by_role("article", name="New name")
    card.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="New name")).to_have_count(0)
    # The keeper is told on this page, and forgets it.
    page.wait_for_function("document.querySelector('[data-passkey-signal=known]') !== null")
    for _ in range(PATIENCE * 10):
        if not mine.keys:
            break
        page.wait_for_timeout(100)
    assert mine.keys == []
    leave(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[role=alert] p:visible").first).to_be_visible()
    assert path_of(page) in {"/login/", "/login/passkey/"}


def test_two_keepers_may_each_have_one(visit: Callable[..., Page]) -> None:
    page = visit()
    first = keeper(page, {**PLATFORM, "transport": "usb"})
    enter(page, "kim")
    make(page, "One")
    # What the account has by now is asked for before there is one more.
    page.goto("/account/passkeys/add/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/account/passkeys/add/$"))
    first.session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": first.id})
    second = keeper(page)
    make(page, "Two")
    assert len(second.keys) == 1
    leave(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/admin/$"))


def test_an_account_is_made_with_a_passkey_and_no_password(
    visit: Callable[..., Page], keyed_site: Site, camera: Camera
) -> None:
    page = visit()
    mine = keeper(page)
    page.goto("/register/")
    expect(page.get_by_role("button", name="Use a passkey instead")).to_be_visible()
    look(page)
    camera.take(page, "passkey-register")
    page.get_by_label("User name").fill("newcomer")
    page.get_by_label("E-mail address").fill("newcomer@example.org")
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep these codes")
    assert [key["userName"] for key in mine.keys] == ["newcomer"]
    page.get_by_role("link", name="I have kept them").click()
    code = _code(keyed_site, "newcomer@example.org")
    page.get_by_label("Code from the letter").fill(code)
    page.get_by_role("button", name="Confirm the address").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    page.goto("/confirm/?next=/account/")
    expect(page.get_by_label("Password")).to_have_count(0)
    look(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/account/$"))


def _code(site: Site, address: str) -> str:
    """Wait for the letter to an address, and return its code."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for path in (site.home / "outbox").glob("*.eml"):
            letter = message_from_bytes(path.read_bytes(), policy=policy.default)
            body = letter.get_body(("plain",))
            found = re.search(r"\b(\d{4} \d{4})\b", body.get_content() if body else "")
            if letter["To"] == address and found:
                return found[1]
        time.sleep(0.1)
    raise AssertionError(address)


def test_what_comes_to_nothing_is_said_in_a_sentence(visit: Callable[..., Page]) -> None:
    page = visit()
    mine = keeper(page)
    mine.be(verified=False)
    page.goto("/login/")
    button = page.get_by_role("button", name="Use a passkey")
    button.click()
    # One of those that stand there.
    expect(page.get_by_role("alert").get_by_role("paragraph")).to_have_text(
        "Nothing was chosen, or it took too long. Please try again."
    )
    expect(button).to_be_focused()
    expect(button).to_be_enabled()
    look(page)


def test_the_same_device_makes_no_second_one(visit: Callable[..., Page]) -> None:
    page = visit()
    keeper(page)
    enter(page, "dan")
    make(page)
    page.goto("/account/passkeys/add/")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("button", name="Make a passkey").click()
    # One of those that stand there.
    expect(page.get_by_role("alert").get_by_role("paragraph")).to_have_text(
        "This device has a passkey of this account already."
    )


def test_a_passkey_that_is_not_known_is_refused_with_a_page(
    visit: Callable[..., Page], camera: Camera
) -> None:
    page = visit()
    mine = keeper(page)
    enter(page, "eva")
    make(page)
    leave(page)
    credential = mine.keys[0]
    credential["credentialId"] = "QUFBQUFBQUFBQUFBQUFBQQ=="
    mine.session.send("WebAuthn.clearCredentials", {"authenticatorId": mine.id})
    mine.session.send(
        "WebAuthn.addCredential", {"authenticatorId": mine.id, "credential": credential}
    )
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/login/passkey/$"))
    expect(page.get_by_role("alert").first).to_have_text(
        "This passkey is not known here. It may have been removed."
    )
    look(page)
    camera.take(page, "passkey-unknown")


def test_at_an_address_of_numbers_the_page_says_where_passkeys_work(
    visit: Callable[..., Page], keyed_site: Site, camera: Camera
) -> None:
    page = visit(by_name=False)
    page.goto("/login/")
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    page.goto("/login/passkey/")
    there = keyed_site.url.replace("127.0.0.1", "localhost")
    link = page.get_by_role("link", name=there)
    expect(link).to_have_attribute("href", f"{there}/login/passkey/")
    look(page)
    camera.take(page, "passkey-elsewhere")


def test_without_javascript_the_page_says_so_and_the_password_works(
    visit: Callable[..., Page], new_page: NewPage, keyed_site: Site
) -> None:
    page = new_page(keyed_site, by_name=True, java_script_enabled=False)
    page.goto("/login/passkey/")
    # Chromium shows it to people, and not where scripts are only kept from running.
    assert "<noscript><p>Passkeys need JavaScript" in page.content()
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    page.get_by_role("link", name="Log in with a password").click()
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    sign_in(page, "fay")
    expect(page).to_have_url(re.compile("/admin/$"))


def test_the_card_is_shown_in_one_sign_in_and_can_be_declined(
    visit: Callable[..., Page], camera: Camera
) -> None:
    page = visit()
    enter(page, "gus")
    for path in ("/admin/", "/account/"):
        with page.expect_response("**/account/passkeys/offered/") as noted:
            page.goto(path)
        assert noted.value.status == 204
        expect(page.get_by_role("heading", name="Make a passkey?")).to_be_visible()
    look(page)
    camera.take(page, "passkey-card")
    page.get_by_role("button", name="Do not ask again").click()
    expect(page.get_by_role("heading", name="Make a passkey?")).to_have_count(0)
    assert path_of(page) == "/account/"
    leave(page)
    enter(page, "gus")
    expect(page.get_by_role("heading", name="Make a passkey?")).to_have_count(0)
    other = visit()
    with other.expect_response("**/account/passkeys/offered/"):
        enter(other, "hal")
    expect(other.get_by_role("heading", name="Make a passkey?")).to_be_visible()
    later = visit()
    enter(later, "hal")
    expect(later.get_by_role("heading", name="Make a passkey?")).to_have_count(0)
