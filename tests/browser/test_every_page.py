"""Each page in each look: accessible, nothing cut off, nothing kept, nothing asked of others.

GATEHOUSE_TEST_SCREENSHOTS names a folder in which the pictures are kept.
"""

import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LONG_NAME, LONG_ROLE, NewPage
from tests.browser.looking import Camera, judge, path_of, sign_in
from tests.browser.running import COMMAND, PATIENCE, Site, environment

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@dataclass(frozen=True)
class Shown:
    """A page: who opens it, at which path, what is done there, and its heading."""

    name: str
    heading: str
    path: str
    who: str | None = None
    then: Callable[[Page], None] | None = None


def _wrong_password(page: Page) -> None:
    sign_in(page, "somebody with a very long name who is not here", "wrong")


def _invited(page: Page) -> None:
    page.goto("/invited/")


def _send(page: Page) -> None:
    page.get_by_role("main").get_by_role("button").click()


def _wrong_code(page: Page) -> None:
    page.get_by_label("Code from the letter").fill("0000 0000")
    page.get_by_label("New password").fill("eleven calm badgers")
    _send(page)


def _register_wrongly(page: Page) -> None:
    page.get_by_label("User name").fill("ben")
    page.get_by_label("E-mail address").fill("new@example.org")
    page.get_by_label("Password").fill("eleven calm badgers")
    page.get_by_role("button", name="Make the account").click()


def _wrong_verify_code(page: Page) -> None:
    page.get_by_label("Code from the letter").fill("0000 0000")
    page.get_by_role("button", name="Confirm the address").click()


def _wrong_login_code(page: Page) -> None:
    page.get_by_label("Code from the letter").fill("0000 0000")
    _send(page)


def _change_wrongly(page: Page) -> None:
    page.get_by_label("Current password").fill("wrong")
    page.get_by_label("New password").fill("eleven calm badgers")
    _send(page)


def _without_token(page: Page) -> None:
    page.locator("main input[name=csrf_token]").first.evaluate("each => each.remove()")
    sign_in(page, "ada")


def _too_much(page: Page) -> None:
    page.get_by_label("User name or e-mail address").fill("a" * 70_000)
    _send(page)


def _post(path: str) -> Callable[[Page], None]:
    def post(page: Page) -> None:
        page.evaluate(
            """path => {
                const form = document.createElement("form");
                form.method = "post";
                form.action = path;
                document.body.append(form);
                form.submit();
            }""",
            path,
        )
        page.wait_for_url(f"**{path}")

    return post


def _to_confirm(page: Page) -> None:
    page.goto("/confirm/")


def _confirm_wrongly(page: Page) -> None:
    _to_confirm(page)
    page.get_by_label("Password").fill("wrong")
    _send(page)


def _come_back(page: Page) -> None:
    sign_in(page, "away")


def _add_address(address: str) -> Callable[[Page], None]:
    def add(page: Page) -> None:
        page.get_by_label("E-mail address").fill(address)
        page.get_by_role("button", name="Send the letter", exact=True).click()

    return add


def _take_name(page: Page) -> None:
    page.get_by_label("New user name").fill("ben")
    page.get_by_role("button", name="Change user name").click()


def _make_wrongly(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("Not A Name")
    page.get_by_role("button", name="Make the role").click()


def _from_elsewhere(page: Page) -> None:
    there = page.url
    page.goto("about:blank")
    page.set_content(f"<a href='{there}logout/'>out</a>")
    page.get_by_role("link").click()


def _add_receiver(page: Page) -> None:
    page.get_by_label("Address").fill(
        "https://hooks.example.invalid/a-rather-long-path/of-a-receiver/that-goes-on-and-on"
    )
    page.get_by_label("Events").fill("leaving.*\nroles.removed")
    page.get_by_role("button", name="Add the receiver").click()


def _add_receiver_wrongly(page: Page) -> None:
    page.get_by_label("Address").fill("http://10.0.0.1/")
    page.get_by_label("Events").fill("login.nothing")
    page.get_by_role("button", name="Add the receiver").click()


def _receiver(page: Page) -> None:
    _add_receiver(page)
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Send a ping").click()
    page.get_by_text("All events").click()


def _first_person(page: Page) -> None:
    page.get_by_role("rowheader").get_by_role("link").first.click()


PAGES = (
    Shown("home", "A well-kept door for your site", "/"),
    Shown("home-signed-in", "Welcome back", "/", "ada"),
    Shown("home-long-name", "Welcome back", "/", LONG_NAME),
    Shown("login", "Log in", "/login/"),
    Shown("login-wanted", "Log in", "/account/"),
    Shown("login-refused", "Log in", "/login/", then=_wrong_password),
    Shown("recover", "Forgot your password?", "/recover/"),
    Shown("recover-refused", "Forgot your password?", "/recover/", then=_send),
    Shown("recover-sent", "Look into your mailbox", "/recover/sent/"),
    Shown("recover-wrong-code", "Look into your mailbox", "/recover/sent/", then=_wrong_code),
    Shown("recover-over", "This link does not work", "/recover/new/"),
    Shown("by-mail", "Log in by a letter", "/login/mail/"),
    Shown("by-mail-refused", "Log in by a letter", "/login/mail/", then=_send),
    Shown("by-mail-sent", "Look into your mailbox", "/login/mail/sent/"),
    Shown(
        "by-mail-wrong-code",
        "Look into your mailbox",
        "/login/mail/sent/",
        then=_wrong_login_code,
    ),
    Shown("by-mail-over", "This link does not work", "/login/mail/link/"),
    # At an address of numbers: elsewhere they are looked at where they are used.
    Shown("passkey", "Log in with a passkey", "/login/passkey/"),
    Shown("passkey-add", "Make a passkey", "/account/passkeys/add/", "ada"),
    Shown("register", "Make your account", "/register/"),
    Shown("register-refused", "Make your account", "/register/", then=_register_wrongly),
    Shown("verify", "Look into your mailbox", "/verify/"),
    Shown("verify-wrong-code", "Look into your mailbox", "/verify/", then=_wrong_verify_code),
    Shown("verify-over", "This link does not work", "/verify/link/"),
    Shown("change", "Change your password", "/account/password/", "ada"),
    Shown(
        "change-refused",
        "Change your password",
        "/account/password/",
        "ada",
        then=_change_wrongly,
    ),
    Shown("admin", "Admin", "/admin/", "ada"),
    Shown("admin-member", "Admin", "/admin/", "ben"),
    Shown("admin-long-name", "Admin", "/admin/", LONG_NAME),
    Shown("people", "People", "/admin/people/", "ada"),
    Shown("statistics", "Statistics", "/admin/statistics/", "ada"),
    Shown("webhooks", "Webhooks", "/admin/webhooks/", "ada"),
    Shown("webhooks-refused", "Webhooks", "/admin/webhooks/", "ada", then=_add_receiver_wrongly),
    Shown("webhook", "Receiver", "/admin/webhooks/", "ada", then=_receiver),
    Shown("webhook-secret", "Secret of a receiver", "/admin/webhooks/", "ada", then=_add_receiver),
    Shown("statistics-days", "Statistics", "/admin/statistics/?by=days", "ada"),
    Shown("record", "Record", "/admin/record/", "ada"),
    Shown("record-chosen", "Record", "/admin/record/?event=users&outcome=done", "ada"),
    Shown("record-nothing", "Record", "/admin/record/?person=nobody+at+all", "ada"),
    Shown("record-since", "Record", "/admin/record/?follow=0.0", "ada"),
    Shown("record-chain", "Whether the record is whole", "/admin/record/chain/", "ada"),
    Shown("invitations", "Invitations", "/admin/invitations/", "ada"),
    Shown("own-invitations", "Your invitations", "/account/invitations/", "ada"),
    Shown("invited-over", "This invitation does not work", "/invited/"),
    Shown("invited-signed-in", "You are signed in", "/admin/", "ben", then=_invited),
    Shown("people-by-date", "People", "/admin/people/?sort=created&state=active", "ada"),
    Shown("people-new", "Make an account", "/admin/people/new/", "ada"),
    Shown("person", "person001", "/admin/people/?q=person001", "ada", then=_first_person),
    Shown("people-found", "People", "/admin/people/?q=person00", "ada"),
    Shown("people-nobody", "People", "/admin/people/?q=nobody+at+all", "ada"),
    Shown("second-steps", "Second steps", "/admin/factors/", "ada"),
    Shown("settings", "Settings", "/admin/settings/", "ada"),
    Shown("settings-nothing", "Settings", "/admin/settings/?q=nothing+so", "ada"),
    Shown("health", "Health", "/admin/health/", "ada"),
    Shown("roles", "Roles", "/admin/roles/", "ada"),
    Shown("role", "Role support", "/admin/roles/support/", "ada"),
    Shown("role-last", "Role support", "/admin/roles/support/?page=2", "ada"),
    Shown("role-long", f"Role {LONG_ROLE}", f"/admin/roles/{LONG_ROLE}/", "ada"),
    Shown("role-make", "Make a role", "/admin/new-role/", "ada"),
    Shown("role-refused", "Make a role", "/admin/new-role/", "ada", then=_make_wrongly),
    Shown("role-change", "Change the role support", "/admin/roles/support/change/", "ada"),
    Shown("role-delete", "Delete the role support", "/admin/roles/support/delete/", "ada"),
    Shown("set-up", "Set up a second step", "/second-step/set-up/", "ben"),
    Shown("account", "Your account", "/account/", "ada"),
    Shown("account-long-name", "Your account", "/account/", LONG_NAME),
    Shown("devices", "Your devices", "/account/devices/", "ada"),
    Shown("devices-long-name", "Your devices", "/account/devices/", LONG_NAME),
    Shown("addresses", "E-mail addresses", "/account/addresses/", "ada"),
    Shown(
        "addresses-refused",
        "E-mail addresses",
        "/account/addresses/",
        "ada",
        then=_add_address("nowhere"),
    ),
    Shown(
        "addresses-waiting",
        "E-mail addresses",
        "/account/addresses/",
        "ada",
        then=_add_address("a-rather-long-local-part.with.dots@mail.example.org"),
    ),
    Shown("addresses-long-name", "E-mail addresses", "/account/addresses/", LONG_NAME),
    Shown("address-over", "This link does not work", "/address/"),
    Shown("address-undo-over", "This link does not work", "/address/undo/"),
    Shown("name", "Your user name", "/account/name/", "ada"),
    Shown("name-long", "Your user name", "/account/name/", LONG_NAME),
    Shown("name-taken", "Your user name", "/account/name/", "ada", then=_take_name),
    Shown("authenticator-none", "Add an authenticator app", "/account/authenticator/add/", "ben"),
    Shown("recovery-codes-none", "Recovery codes", "/account/recovery-codes/", "ben"),
    Shown("activity", "Your activity", "/account/activity/", "ada"),
    Shown("activity-long-name", "Your activity", "/account/activity/", LONG_NAME),
    Shown("data", "Your data", "/account/data/", "ada"),
    Shown("leave", "Leave", "/account/leave/", "ada"),
    Shown("come-back", "Use your account again?", "/login/", then=_come_back),
    Shown("undo-over", "This link does not work", "/leave/undo/"),
    Shown("confirm", "Confirm that it is you", "/account/", "ada", then=_to_confirm),
    Shown("confirm-refused", "Confirm that it is you", "/account/", "ada", then=_confirm_wrongly),
    Shown("logout", "Log out?", "/", "ben", then=_from_elsewhere),
    Shown("invitation-over", "This link does not work", "/invitation/"),
    Shown("error-400", "That did not work", "/login/", then=_without_token),
    Shown("error-403", "Not for you", "/admin/people/", "ben"),
    Shown("error-404", "Nothing here", "/nothing/at/all"),
    Shown("error-405", "That did not work", "/", then=_post("/healthz")),
    Shown("error-413", "Too much", "/login/", then=_too_much),
)


@pytest.mark.parametrize("shown", PAGES, ids=[each.name for each in PAGES])
def test_a_page(shown: Shown, new_page: NewPage, camera: Camera) -> None:
    page = new_page()
    page.goto(shown.path)
    if shown.who is not None:
        if path_of(page) == shown.path:
            page.goto(f"/login/?next={shown.path}")
        sign_in(page, shown.who)
    if shown.then is not None:
        shown.then(page)

    judge(page, shown.heading)
    camera.take(page, shown.name)


def test_the_set_up_page(new_page: NewPage, new_site: Site, camera: Camera) -> None:
    page = new_page(new_site)
    page.goto("/")
    judge(page, "A well-kept door for your site")
    expect(page.get_by_role("main")).to_contain_text("Nobody has an account here yet.")
    camera.take(page, "home-new")

    page.goto(new_site.setup_path())
    judge(page, "Welcome")
    camera.take(page, "setup")
    page.get_by_label("E-mail address").fill("nowhere")
    page.get_by_role("button", name="Create the account").click()
    judge(page, "Welcome")
    camera.take(page, "setup-refused")


def test_the_invitation_page(new_page: NewPage, site: Site, camera: Camera) -> None:
    link = subprocess.run(
        [COMMAND, "users", "invite", "person002"],
        env=environment(site.home, GATEHOUSE_PUBLIC_URL=site.url),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    page = new_page()
    page.goto(urlsplit(link).path)
    assert path_of(page) == "/invitation/"
    judge(page, "Choose your password")
    camera.take(page, "invitation")
    page.get_by_label("New password").fill("password")
    _send(page)
    judge(page, "Choose your password")
    camera.take(page, "invitation-refused")
    page.get_by_label("New password").fill("eleven slow tortoises")
    _send(page)
    expect(page.get_by_role("status")).to_have_text("Your password is set. Please log in with it.")
    judge(page, "Log in")
    camera.take(page, "login-after-invitation")
    sign_in(page, "person002@example.org", "eleven slow tortoises")
    expect(page.get_by_role("heading", level=1)).to_have_text("Admin")


def _link(site: Site, to: str) -> str:
    """Return the path of the link in the letter to an address, once it has left the outbox."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for path in (site.home / "outbox").glob("*.eml"):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            body = mail.get_body(("plain",))
            text = body.get_content() if body is not None else ""
            found = re.search(r"https?://[^/]+(/address/(?:undo/)?[\w-]{43}/)", text)
            if mail["To"] == to and found is not None:
                return found[1]
        time.sleep(0.1)
    raise AssertionError(f"no letter to {to}")


def test_the_pages_to_which_letters_about_addresses_lead(
    new_page: NewPage, site: Site, camera: Camera
) -> None:
    subprocess.run(
        [COMMAND, "users", "set-password", "person004", "--password-stdin"],
        env=environment(site.home, GATEHOUSE_PUBLIC_URL=site.url),
        input="eleven slow tortoises",
        text=True,
        check=True,
    )
    page = new_page()
    page.goto("/login/?next=/account/addresses/")
    sign_in(page, "person004", "eleven slow tortoises")
    _add_address("third@example.net")(page)
    page.goto(_link(site, "third@example.net"))
    assert path_of(page) == "/address/"
    judge(page, "Confirm your address")
    camera.take(page, "address-confirm")
    _send(page)
    expect(page.get_by_role("status")).to_have_text("The address is confirmed.")
    page.get_by_role("button", name="Make primary").click()
    judge(page, "E-mail addresses")
    expect(page.get_by_role("main")).to_contain_text("A letter to it can make it the primary one")
    camera.take(page, "addresses-held")
    stranger = new_page()
    stranger.goto(_link(site, "person004@example.org"))
    assert path_of(stranger) == "/address/undo/"
    judge(stranger, "Undo the change?")
    camera.take(stranger, "address-undo")
    _send(stranger)
    expect(stranger.get_by_role("status")).to_contain_text("The change is undone")
    page.reload()
    assert path_of(page).startswith("/login/")


def test_the_pages_of_good_links(new_page: NewPage, site: Site, camera: Camera) -> None:
    page = new_page()
    page.goto("/recover/")
    page.get_by_label("User name or e-mail address").fill("person003")
    _send(page)
    page.goto(site.link_in_letter("person003@example.org", "recover"))
    assert path_of(page) == "/recover/new/"
    judge(page, "Choose a new password")
    camera.take(page, "recover-new")
    page.get_by_label("New password").fill("password")
    _send(page)
    judge(page, "Choose a new password")
    camera.take(page, "recover-new-refused")
    page.get_by_label("New password").fill("eleven slow tortoises")
    _send(page)
    expect(page.get_by_role("status")).to_have_text("Your password is set. Please log in with it.")

    page.goto("/login/?next=/account/leave/")
    sign_in(page, "person003", "eleven slow tortoises")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("status")).to_contain_text("Your account is closed.")
    page.goto(site.link_in_letter("person003@example.org", "leave/undo"))
    assert path_of(page) == "/leave/undo/"
    judge(page, "Keep your account?")
    camera.take(page, "undo")
    _send(page)
    expect(page.get_by_role("status")).to_have_text("Your account is open again. Please log in.")


def test_the_pages_of_a_good_letter_to_log_in_by(
    new_page: NewPage, site: Site, camera: Camera
) -> None:
    page = new_page()
    page.goto("/login/?next=/account/devices/")
    page.get_by_role("link", name="Log in by a letter").click()
    page.get_by_label("User name or e-mail address").fill("person005")
    _send(page)
    judge(page, "Look into your mailbox")
    expect(page.get_by_label("Code from the letter")).to_be_focused()
    link = site.link_in_letter("person005@example.org", "login/mail")

    elsewhere = new_page()
    elsewhere.goto(link)
    assert path_of(elsewhere) == "/login/mail/link/"
    judge(elsewhere, "Another browser asked")
    camera.take(elsewhere, "by-mail-elsewhere")

    page.goto(link)
    assert path_of(page) == "/login/mail/link/"
    judge(page, "Log in")
    camera.take(page, "by-mail-link")
    _send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your devices")
    elsewhere.reload()
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("This link does not work")


def test_the_page_of_a_good_invitation(new_page: NewPage, site: Site, camera: Camera) -> None:
    console = new_page()
    console.goto("/login/?next=/admin/invitations/")
    sign_in(console, "ada")
    console.get_by_label("E-mail address").fill("newcomer@example.org")
    console.get_by_role("button", name="Send the invitation").click()
    expect(console.get_by_role("status")).to_have_text("The invitation is on its way.")
    judge(console, "Invitations")
    camera.take(console, "invitations-one")

    page = new_page()
    page.goto(site.link_in_letter("newcomer@example.org", "invited"))
    assert path_of(page) == "/invited/"
    judge(page, "Make your account")
    camera.take(page, "invited")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill("eleven slow tortoises")
    _send(page)
    judge(page, "Make your account")
    camera.take(page, "invited-refused")

    # Nobody is left behind for the pages of the others.
    console.get_by_role("button", name="Take back").click()
    expect(console.get_by_role("status")).to_have_text("The invitation is taken back.")
