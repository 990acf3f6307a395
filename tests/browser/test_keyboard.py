"""With the keyboard alone: the order of things, the ring around them, and the way past the top."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.looking import PASSWORD, WIDE, assert_ringed, sign_in, stops, turn
from tests.browser.running import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def _walk(page: Page) -> list[str]:
    """Return the names of all stops; each has to be seen, with a ring of at least 3:1."""
    page.wait_for_load_state()
    found = list(stops(page))
    for each in found:
        assert_ringed(each)
    return [each["name"] for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tab_visits_everything_in_the_order_in_which_it_is_read(
    new_page: NewPage, scheme: Any
) -> None:
    page = new_page()
    turn(page, WIDE, scheme)
    page.goto("/")
    assert _walk(page) == ["Skip to the main content", "Gatehouse", "Log in", "Log in"]

    page.goto("/login/")
    # The first field has the keyboard at once.
    expect(page.get_by_label("User name or e-mail address")).to_be_focused()
    ways = ["Log in by a letter", "Forgot your password?", "Make an account"]
    assert _walk(page) == ["Password", "Remember me", "Log in", *ways]

    page.get_by_label("User name or e-mail address").focus()
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Admin")
    top = ["Skip to the main content", "Gatehouse", "Account", "Admin", "Log out"]
    console = ["Overview", "People", "Invitations", "Second steps", "Roles", "Record"]
    console += ["Statistics", "Webhooks", "Settings", "Health"]
    assert _walk(page) == [*top, *console, "Statistics", "Your account", "Log out"]

    page.goto("/admin/people/?q=person001")
    assert _walk(page) == [
        *top,
        *console,
        "User name or e-mail",
        "Search",
        "Filters and order",
        "Show everyone",
        "Make an account",
        "person001",
        "",
        "Change several people",
        "Take this list as CSV",
        "Take it as JSON lines",
    ]


def test_tab_visits_the_pages_of_an_authenticator_app(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/login/?next=/account/authenticator/add/")
    sign_in(page, "ben")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add an authenticator app")
    top = ["Skip to the main content", "Gatehouse", "Account", "Admin", "Log out"]
    assert _walk(page) == [*top, "Name", "Continue"]
    page.get_by_label("Name").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Scan this with your app")
    scanned = ["The app is on this device", "Code from the app", "Add this app"]
    assert _walk(page) == [*top, *scanned]


def test_the_skip_link_leads_past_the_top(page: Page, site: Site) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the main content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("main").get_by_role("link", name="Log in")).to_be_focused()
    expect(skip).not_to_be_in_viewport(ratio=0.1)


def test_in_and_out_by_the_keyboard_alone(page: Page, site: Site) -> None:
    page.goto("/login/")
    expect(page.get_by_label("User name or e-mail address")).to_be_focused()
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type("not it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Invalid username or password.")
    # After a refusal the password has the keyboard, described by what was wrong.
    password = page.get_by_label("Password")
    expect(password).to_be_focused()
    expect(password).to_have_accessible_description("Invalid username or password.")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_label("Remember me")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/admin/")

    main = page.get_by_role("main")
    main.get_by_role("link", name="People").focus()
    page.keyboard.press("Enter")
    page.get_by_label("User name or e-mail").focus()
    page.keyboard.type("ben")
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader")).to_have_text(["ben"])
    page.get_by_role("navigation", name="Main").get_by_role("button", name="Log out").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_have_text("You have been logged out.")
