"""The ways in and out, with JavaScript and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LONG_NAME, NewPage
from tests.browser.looking import NARROWEST, PASSWORD, WIDE, kept, path_of, sideways, sign_in
from tests.browser.running import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def visitor(new_page: NewPage, request: pytest.FixtureRequest) -> Page:
    """Somebody anonymous."""
    return new_page(java_script_enabled=request.param)


def test_from_a_protected_page_over_the_login_page_and_back(visitor: Page, site: Site) -> None:
    wanted = f"{site.url}/admin/people/?q=ada&page=1"

    visitor.goto(wanted)
    expect(visitor).to_have_url(re.compile("/login/[?]next="))
    expect(visitor.get_by_role("status")).to_have_text("Please log in to access this page.")
    sign_in(visitor, "ada", "wrong at first")
    expect(visitor.get_by_role("alert")).to_have_text("Invalid username or password.")
    sign_in(visitor, "ada")

    expect(visitor).to_have_url(wanted)
    expect(visitor.get_by_role("rowheader")).to_have_text(["ada"])


def test_who_is_signed_in_is_sent_on_from_the_login_page(visitor: Page, site: Site) -> None:
    visitor.goto("/login/")
    sign_in(visitor, "ben")
    expect(visitor).to_have_url(f"{site.url}/admin/")

    visitor.goto("/login/")
    expect(visitor).to_have_url(f"{site.url}/admin/")
    visitor.goto("/login/?next=/account/")
    expect(visitor).to_have_url(f"{site.url}/account/")
    visitor.goto("/login/?next=https://example.org/")
    expect(visitor).to_have_url(f"{site.url}/admin/")


def _by_the_top(page: Page) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("button").click()


def _by_the_link(page: Page) -> None:
    page.get_by_role("main").get_by_role("link", name="Log out").click()


def _by_the_account(page: Page) -> None:
    page.goto("/account/")
    page.get_by_role("main").get_by_role("button", name="Log out").click()


def _by_typing(page: Page) -> None:
    page.goto("/logout/")


def test_every_way_of_logging_out_does(visitor: Page, site: Site) -> None:
    for leave in (_by_the_top, _by_the_link, _by_the_account, _by_typing):
        visitor.goto("/login/")
        sign_in(visitor, "ben")
        expect(visitor).to_have_url(f"{site.url}/admin/")
        leave(visitor)
        expect(visitor).to_have_url(f"{site.url}/login/")
        expect(visitor.get_by_role("status")).to_have_text("You have been logged out.")


def test_a_link_from_elsewhere_asks_before_it_logs_out(visitor: Page, site: Site) -> None:
    visitor.goto("/login/")
    sign_in(visitor, "ben")
    expect(visitor).to_have_url(f"{site.url}/admin/")

    visitor.goto("about:blank")
    visitor.set_content(f"<a href='{site.url}/logout/'>out</a>")
    visitor.get_by_role("link", name="out").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Log out?")
    visitor.get_by_role("link", name="Stay logged in").click()
    expect(visitor.get_by_role("main")).to_contain_text("ben")


def test_the_back_button_shows_nothing_private_after_a_sign_out(page: Page, site: Site) -> None:
    page.goto("/login/")
    sign_in(page, "ada")
    page.goto("/admin/people/")
    page.goto("/account/")
    expect(page.get_by_role("main")).to_contain_text("ada@example.org")
    page.get_by_role("main").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("status")).to_have_text("You have been logged out.")

    for _ in range(3):
        page.evaluate("history.back()")
        expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
        expect(page.get_by_role("status")).to_have_text("Please log in to access this page.")
        expect(page.locator("body")).not_to_contain_text("ada@example.org")


def test_people_are_found_and_leafed_through(visitor: Page) -> None:
    visitor.goto("/admin/people/")
    sign_in(visitor, "ada")
    count = visitor.get_by_role("status")
    rows = visitor.get_by_role("rowheader")
    leaves = visitor.get_by_role("navigation", name="Pages")

    for size in (WIDE, NARROWEST):
        visitor.set_viewport_size(size)
        expect(count).to_have_text("122 people")
        expect(rows).to_have_count(50)
        expect(rows.first).to_have_text(LONG_NAME)
        assert sideways(visitor) == 0
        expect(leaves.get_by_role("link")).to_have_count(1)
        leaves.get_by_role("link", name="Next").click()
        expect(leaves.get_by_role("link")).to_have_count(2)
        leaves.get_by_role("link", name="Next").click()
        expect(rows).to_have_count(22)
        expect(leaves.get_by_role("link")).to_have_count(1)
        leaves.get_by_role("link", name="Previous").click()
        expect(leaves.get_by_role("link")).to_have_count(2)
        assert sideways(visitor) == 0

        search = visitor.get_by_label("User name or e-mail")
        search.fill("PERSON10")
        search.press("Enter")
        expect(count).to_have_text("10 people matching “PERSON10”")
        expect(rows).to_have_count(10)
        expect(leaves).to_have_count(0)
        search.fill("<nobody>")
        visitor.get_by_role("button", name="Search").click()
        expect(visitor.get_by_role("main")).to_contain_text("Nobody has a user name")
        visitor.get_by_role("link", name="Show everyone").click()
        expect(count).to_have_text("122 people")


def test_a_long_search_finds_nobody_and_breaks_nothing(page: Page) -> None:
    page.goto("/admin/people/")
    sign_in(page, "ada")
    page.set_viewport_size(NARROWEST)
    search = page.get_by_label("User name or e-mail")
    search.fill("w" * 300)
    search.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("0 people matching")
    assert sideways(page) == 0


def test_a_member_sees_their_own_card_and_no_console(page: Page) -> None:
    page.goto("/login/")
    sign_in(page, "ben")
    main = page.get_by_role("main")
    expect(main.get_by_role("definition")).to_contain_text(["ben", "None given"])
    expect(page.get_by_role("navigation", name="Console")).to_have_count(0)
    expect(main).not_to_contain_text("Administrator")

    page.goto("/admin/people/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not for you")
    assert kept(page) == {}


def test_refused_forms_say_what_to_do_and_lead_to_the_field(
    new_page: NewPage, new_site: Site
) -> None:
    page = new_page(new_site)
    page.goto(new_site.setup_path())
    name, password = page.get_by_label("User name"), page.get_by_label("Password")

    page.get_by_role("button", name="Create the account").click()
    summary = page.get_by_role("alert")
    expect(summary.get_by_role("link")).to_have_text(
        ["Choose a user name, please.", "Choose a password, please."]
    )
    summary.get_by_role("link").first.click()
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description("Error: Choose a user name, please.")

    name.fill("ada")
    page.get_by_label("E-mail address").fill("nowhere")
    password.fill("short")
    page.get_by_role("button", name="Create the account").click()
    expect(summary.get_by_role("link")).to_have_text(
        ["That is not an e-mail address that letters can be sent to."]
    )
    expect(name).to_have_value("ada")
    page.get_by_label("E-mail address").fill("ada@example.org")
    password.fill("short")
    page.get_by_role("button", name="Create the account").click()
    expect(summary.get_by_role("link")).to_contain_text(["at least 15 characters"])
    assert path_of(page) == new_site.setup_path()
    assert "autocomplete" in (password.evaluate("each => each.outerHTML"))
    expect(password).to_have_value("")


def test_password_managers_know_the_fields(new_page: NewPage, new_site: Site) -> None:
    page = new_page(new_site)
    for path, expected in (
        (new_site.setup_path(), ["username", "email", "new-password"]),
        ("/login/", ["username webauthn", "current-password"]),
    ):
        page.goto(path)
        fields = page.locator("main input:is([type=text], [type=email], [type=password])")
        assert fields.evaluate_all("all => all.map(each => each.autocomplete)") == expected
    page.get_by_label("Password").fill(PASSWORD)
    expect(page.get_by_label("Password")).to_have_attribute("type", "password")
