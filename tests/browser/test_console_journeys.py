"""The console as support uses it, and an administrator, and who has no part in it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.testing import GatehouseTester, settings_for_tests
from gatehouse_site.app import create_app
from tests.browser.conftest import NewPage
from tests.browser.looking import (
    NARROWEST,
    PASSWORD,
    WIDE,
    assert_ringed,
    sideways,
    sign_in,
    stops,
    violations,
)
from tests.browser.running import COMMAND, Site, environment

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SETTINGS = {"GATEHOUSE_PASSWORDS_HASH_TIME": "2", "GATEHOUSE_PASSWORDS_HASH_MEMORY": "19MiB"}

#: What support may do.
HELPING = ("people.read", "people.suspend", "people.recover")

#: Every page of the console, as it is declared.
CONSOLE = [route for feature in FEATURES for route in feature.routes if route.needs is not None]


@pytest.fixture(scope="session")
def staffed(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home with people in it, of whom one may help others."""
    home = tmp_path_factory.mktemp("staffed") / "home"
    shutil.copytree(town, home)
    app = create_app(settings_for_tests(home))
    GatehouseTester(app).add_user("helper", email="helper@example.org", password=PASSWORD)
    for words in (("make", "helpers", *HELPING), ("grant", "helper", "helpers")):
        done = app.test_cli_runner().invoke(args=["gatehouse", "roles", *words])
        assert done.exit_code == 0, done.output
    app.extensions["gatehouse"].works.engine.dispose()
    return home


@pytest.fixture
def site(staffed: Path, tmp_path: Path) -> Iterator[Site]:
    """The site with support."""
    home = tmp_path / "home"
    shutil.copytree(staffed, home)
    with Site(home, **SETTINGS) as site:
        yield site


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def visitor(new_page: NewPage, request: pytest.FixtureRequest) -> Page:
    """Somebody anonymous."""
    return new_page(java_script_enabled=request.param)


def _command(site: Site, *words: str) -> None:
    told = environment(site.home, **SETTINGS, GATEHOUSE_PUBLIC_URL=site.url)
    subprocess.run([COMMAND, *words], env=told, check=True, capture_output=True)


def _main(page: Page) -> Locator:
    return page.get_by_role("main")


def _tabs(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Console").get_by_role("link")


def _open(page: Page, tab: str) -> None:
    page.get_by_role("navigation", name="Console").get_by_role("link", name=tab).click()
    _at(page, tab, tab=tab, current="page")


def _at(page: Page, heading: str, *, tab: str, current: str = "true") -> None:
    """Expect a page with its heading, below a tab or at it, that fits the window."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    marked = page.get_by_role("navigation", name="Console").locator("[aria-current]")
    expect(marked).to_have_text([tab])
    expect(marked).to_have_attribute("aria-current", current)
    for size in (NARROWEST, WIDE):
        page.set_viewport_size(size)
        assert sideways(page) == 0, (heading, size)


def _press(page: Page, name: str) -> None:
    _main(page).get_by_role("button", name=name, exact=True).click()


def _find(page: Page, name: str) -> None:
    """Search for somebody in the list, and open their page."""
    _open(page, "People")
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("rowheader")).to_have_text([name])
    page.get_by_role("rowheader").get_by_role("link").click()
    _at(page, name, tab="People")


def _said(page: Page, sentence: str) -> None:
    expect(page.locator("#messages").get_by_role("status")).to_have_text(sentence)


def _card(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def _refused(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("heading", level=1)).to_have_text("Not for you")


def test_support_sees_and_does_what_its_role_says(visitor: Page, site: Site) -> None:
    page = visitor
    page.goto("/login/")
    sign_in(page, "helper")
    _at(page, "Admin", tab="Overview", current="page")
    expect(_tabs(page)).to_have_text(["Overview", "People", "Second steps"])

    _open(page, "People")
    expect(_main(page).get_by_role("link", name="Make an account")).to_have_count(0)
    page.locator("summary", has_text="Change several people").click()
    expect(page.get_by_label("What to do").get_by_role("option")).to_have_text(
        ["Suspend", "Restore", "End sessions", "Send a way back"]
    )
    expect(page.get_by_label("Role, to give or take")).to_have_count(0)
    expect(_main(page).get_by_role("button")).to_have_text(["Search", "Look at what would happen"])

    _find(page, "person010")
    helping = ["Send a letter for a new password", "Send a letter for a first password"]
    expect(_main(page).get_by_role("button")).to_have_text([*helping, "Suspend"])
    expect(_main(page).locator("label")).to_have_text(
        ["Why", "Until the beginning of this day, if it ends"]
    )

    _press(page, "Send a letter for a new password")
    _said(page, "The letter is on its way.")
    secret = urlsplit(site.link_in_letter("person010@example.org", "recover")).path.split("/")[-2]
    for _ in range(2):
        expect(_card(page, "Letters").get_by_role("listitem")).to_have_count(1)
        assert secret not in page.content()
        page.reload()

    page.get_by_label("Why").fill("The invoice of May")
    page.get_by_label("Until the beginning of this day").fill("2040-01-31")
    _press(page, "Suspend")
    _said(page, "The account is suspended.")
    _at(page, "person010", tab="People")
    account = _card(page, "Account")
    expect(account).to_contain_text("The invoice of May")
    expect(account).to_contain_text("31 January 2040, 00:00 UTC")
    _press(page, "Let it be used again")
    _said(page, "The account can be used again.")
    expect(account).not_to_contain_text("The invoice of May")
    expect(account).to_contain_text("Active")


def test_support_gets_no_further_than_its_role(visitor: Page, site: Site) -> None:
    page = visitor
    page.goto("/login/")
    sign_in(page, "helper")
    _find(page, "ada")
    expect(_main(page)).to_contain_text("You can look, and change nothing.")
    expect(_main(page).get_by_role("button")).to_have_count(0)
    expect(_main(page).locator("form, input, select")).to_have_count(0)
    _find(page, "helper")
    expect(_main(page)).to_contain_text("This is you.")
    expect(_main(page).locator("form, input, select")).to_have_count(0)

    for path in ("/admin/roles/", "/admin/record/", "/admin/new-role/", "/admin/people/new/"):
        _refused(page, path)


def test_an_administrator_makes_a_role_and_gives_it_for_a_while(visitor: Page, site: Site) -> None:
    page = visitor
    page.goto("/login/")
    sign_in(page, "ada")
    _open(page, "Roles")
    page.get_by_role("link", name="Make a role").click()
    _at(page, "Make a role", tab="Roles")
    page.get_by_label("Name", exact=True).fill("watchers")
    page.get_by_label(re.compile(r"\brecord\.read\b")).check()
    _press(page, "Make the role")
    _at(page, "Role watchers", tab="Roles")
    expect(_card(page, "What it allows").get_by_role("listitem")).to_contain_text(["record.read"])

    _find(page, "person020")
    card = _card(page, "Roles")
    expect(card).not_to_contain_text("Take away: watchers")
    page.get_by_label("Role", exact=True).select_option("watchers")
    card.get_by_label("Until the beginning of this day").fill("2040-01-31")
    _press(page, "Give the role")
    _said(page, "The role is given.")
    expect(card).to_contain_text("watchers until 31 January 2040, 00:00 UTC")

    page.get_by_role("navigation", name="Console").get_by_role("link", name="People").click()
    page.locator("summary", has_text="Filters and order").click()
    page.get_by_label("Role", exact=True).select_option("watchers")
    _press(page, "Show these")
    expect(page.get_by_role("rowheader")).to_have_text(["person020"])
    _open(page, "Roles")
    page.get_by_role("link", name="watchers").click()
    _at(page, "Role watchers", tab="Roles")
    expect(page.get_by_role("rowheader")).to_have_text(["person020"])
    expect(page.get_by_role("row").last).to_contain_text("31 January 2040")
    page.get_by_role("rowheader").get_by_role("link").click()
    _at(page, "person020", tab="People")
    page.get_by_role("link", name="All of the record about this person").click()
    _at(page, "Record", tab="Record", current="page")
    expect(page.get_by_role("rowheader").filter(has_text="roles.granted")).to_have_count(2)


def test_an_administrator_changes_several_and_finds_it_in_the_record(
    visitor: Page, site: Site
) -> None:
    page = visitor
    page.goto("/login/?next=/admin/people/%3Fq%3Dperson03")
    sign_in(page, "ada")
    expect(page.get_by_role("rowheader")).to_have_count(10)
    two = ["person030", "person031"]
    for name in two:
        page.get_by_label(f"Choose {name}").check()
    page.locator("summary", has_text="Change several people").click()
    page.get_by_label("What to do").select_option("Suspend")
    page.get_by_label("Why, to suspend").fill("The invoices of May")
    _press(page, "Look at what would happen")
    _at(page, "Suspend", tab="People")
    expect(_card(page, "2 people would be changed").get_by_role("listitem")).to_have_text(two)
    _press(page, "Suspend, for exactly these")
    _at(page, "People", tab="People", current="page")
    expect(page.get_by_text("Suspend: 2 people were changed.")).to_be_visible()

    _open(page, "Record")
    page.locator("summary", has_text="Choose what is shown").click()
    page.get_by_label("What", exact=True).select_option("users.suspended")
    page.get_by_label("About", exact=True).fill("person031")
    page.get_by_role("button", name="Show", exact=True).click()
    rows = page.get_by_role("rowheader")
    expect(rows).to_have_count(1)
    rows.get_by_role("link", name="users.suspended").click()
    _at(page, "users.suspended", tab="Record")
    happened = _card(page, "What happened")
    expect(happened).to_contain_text("person031")
    expect(happened).to_contain_text("ada")
    page.get_by_role("link", name="All about this person").click()
    expect(rows.filter(has_text="users.suspended")).to_have_count(1)
    expect(rows.filter(has_text="mail.")).not_to_have_count(0)


def test_an_administrator_looks_at_the_site_and_ends_a_session(
    visitor: Page, new_page: NewPage, site: Site
) -> None:
    other = new_page()
    other.goto("/login/?next=/account/")
    sign_in(other, "helper")
    expect(other.get_by_role("heading", level=1)).to_have_text("Your account")
    _command(site, "statistics", "rebuild")
    page = visitor
    page.goto("/login/")
    sign_in(page, "ada")

    _open(page, "Statistics")
    card = _card(page, "Signing in")
    picture = "Signing in, by hour, two days Signed in: 1, Refused: 0. The numbers stand below."
    expect(card.get_by_role("img")).to_have_accessible_name(picture)
    expect(card.get_by_role("table")).to_have_count(0)
    card.locator("summary").click()
    expect(card.get_by_role("table").get_by_role("row").nth(1)).to_be_visible()

    _open(page, "Settings")
    page.get_by_label("Name or meaning").fill("HASH_TIME")
    page.get_by_role("button", name="Search").click()
    expect(_main(page)).to_contain_text("GATEHOUSE_PASSWORDS_HASH_TIME = 2")
    _open(page, "Health")
    _press(page, "Look at everything")
    expect(_main(page)).to_contain_text("Everything was looked at")
    _at(page, "Health", tab="Health")

    _find(page, "helper")
    sign_ins = _card(page, "Sign-ins")
    sign_ins.get_by_role("button", name=re.compile("^End ?:")).click()
    _said(page, "The sign-in is over.")
    expect(sign_ins).to_contain_text("None.")
    other.reload()
    expect(other.get_by_role("heading", level=1)).to_have_text("Log in")


def test_whoever_has_no_part_in_the_console_is_led_nowhere_and_let_in_nowhere(
    visitor: Page, site: Site
) -> None:
    page = visitor
    page.goto("/login/")
    sign_in(page, "ben")
    for path in ("/", "/admin/", "/account/", "/account/devices/"):
        page.goto(path)
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        expect(page.get_by_role("navigation", name="Console")).to_have_count(0)
        expect(page.locator("a[href^='/admin/']:not([href='/admin/'])")).to_have_count(0)
        expect(page.locator("form[action^='/admin/']")).to_have_count(0)

    assert len(CONSOLE) > 40
    token = page.locator("input[name=csrf_token]").first.input_value()
    for route in CONSOLE:
        path = re.sub(r"<[^>]+>", "00000000-0000-4000-8000-000000000000", route.rule)
        if "GET" in route.methods:
            _refused(page, path)
            expect(page.get_by_role("navigation", name="Console")).to_have_count(0)
        if "POST" in route.methods:
            answer = page.request.post(
                path, form={"csrf_token": token}, headers={"Origin": site.url}
            )
            assert answer.status == 403, path
            assert "Not for you" in answer.text()


def _tab_to(page: Page, name: str) -> None:
    """Go to what is called so by Tab alone; everything on the way has to be seen."""
    page.wait_for_load_state()
    for stop in stops(page):
        assert_ringed(stop)
        if stop["name"] == name:
            return
    raise AssertionError(f"Tab never comes to {name!r}")


def test_with_the_keyboard_alone_somebody_is_found_and_suspended(page: Page, site: Site) -> None:
    keys = page.keyboard
    page.goto("/login/?next=/admin/people/")
    expect(page.get_by_label("User name or e-mail address")).to_be_focused()
    keys.type("helper")
    _tab_to(page, "Password")
    keys.type(PASSWORD)
    keys.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    _tab_to(page, "User name or e-mail")
    keys.type("person040")
    keys.press("Enter")
    expect(page.get_by_role("rowheader")).to_have_text(["person040"])
    _tab_to(page, "person040")
    keys.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("person040")
    _tab_to(page, "Why")
    keys.type("The invoice of May")
    _tab_to(page, "Suspend")
    keys.press("Space")
    _said(page, "The account is suspended.")
    expect(_card(page, "Account")).to_contain_text("The invoice of May")
    _tab_to(page, "Let it be used again")
    keys.press("Enter")
    _said(page, "The account can be used again.")
    assert not violations(page)


def _signed_in(page: Page, number: int) -> None:
    card = _card(page, "Signing in")
    expect(card.get_by_role("listitem").first).to_have_text(f"Signed in: {number}")


def _somebody_else_comes(new_page: NewPage, site: Site) -> None:
    other = new_page()
    other.goto("/login/")
    sign_in(other, "ben")
    expect(other.get_by_role("heading", level=1)).to_have_text("Admin")
    _command(site, "statistics", "rebuild")


def test_a_new_sign_in_appears_on_the_statistics_by_itself(new_page: NewPage, site: Site) -> None:
    page = new_page()
    page.clock.install()
    page.goto("/login/?next=/admin/statistics/")
    sign_in(page, "ada")
    _command(site, "statistics", "rebuild")
    page.get_by_role("link", name="Refresh").click()
    _signed_in(page, 1)
    card = _card(page, "Signing in")
    numbers = card.get_by_role("table")
    page.evaluate("window.kept = 1")
    card.locator("summary").click()
    expect(numbers).to_be_visible()
    stop = page.get_by_role("button", name="Stop refreshing by itself")
    stop.focus()

    _somebody_else_comes(new_page, site)
    page.clock.run_for(61_000)
    _signed_in(page, 2)
    expect(numbers).to_be_visible()
    expect(_card(page, "Letters").get_by_role("table")).to_be_hidden()
    expect(stop).to_be_focused()

    # What somebody reads by the keyboard is not taken from under them.
    card.locator("summary").focus()
    _somebody_else_comes(new_page, site)
    with page.expect_response("**/admin/statistics/?*"):
        page.clock.run_for(61_000)
    expect(card.locator("summary")).to_be_focused()
    expect(numbers).to_be_visible()
    stop.focus()
    page.clock.run_for(61_000)
    _signed_in(page, 3)
    assert page.evaluate("window.kept") == 1

    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Refresh by itself")).to_be_focused()
    _somebody_else_comes(new_page, site)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(200_000)
    _signed_in(page, 3)
    assert asked == []


def test_without_javascript_a_link_refreshes_the_statistics(new_page: NewPage, site: Site) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/login/?next=/admin/statistics/%3Fby%3Ddays")
    sign_in(page, "ada")
    expect(page.get_by_role("button", name="efresh")).to_have_count(0)
    _somebody_else_comes(new_page, site)
    page.get_by_role("link", name="Refresh").click()
    _signed_in(page, 2)
    expect(page.get_by_role("link", name="By day, ninety days")).to_have_attribute(
        "aria-current", "true"
    )
