"""From the first start to the last sign-out, as one person does it."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests import services
from tests.browser.conftest import ARGUMENTS
from tests.browser.looking import PASSWORD, WIDE, Camera, Watch, kept, path_of, sign_in
from tests.browser.running import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def _open_browser(playwright: Playwright, profile: Path, watch: Watch) -> BrowserContext:
    """Start the browser with a profile that outlives it."""
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=services.chromium(),
        args=list(ARGUMENTS),
        base_url=watch.origin,
        viewport=WIDE,
    )
    watch.over(context)
    return context


def _cookies(context: BrowserContext) -> dict[str, str]:
    return {each["name"]: each["value"] for each in context.cookies()}


def _header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _create_administrator(page: Page, site: Site, camera: Camera) -> None:
    page.goto(site.setup_path())
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    camera.take(page, "journey-1-setup")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    expect(page).to_have_url(f"{site.url}/admin/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Admin")
    camera.take(page, "journey-2-admin")


def test_from_the_set_up_link_to_a_copied_cookie_that_is_worth_nothing(
    playwright: Playwright, tmp_path: Path
) -> None:
    camera = Camera.of_the_journey(tmp_path / "pictures")
    with Site(tmp_path / "home") as site:
        watch = Watch(site.url)
        context = _open_browser(playwright, tmp_path / "profile", watch)
        page = context.pages[0]

        _create_administrator(page, site, camera)
        assert site.ask(site.setup_path())[0] == 404

        page.get_by_role("main").get_by_role("link", name="Log out").click()
        expect(page).to_have_url(f"{site.url}/login/")
        expect(page.get_by_role("status")).to_have_text("You have been logged out.")
        camera.take(page, "journey-3-logged-out")

        sign_in(page, "ada", "not the password")
        expect(page.get_by_role("alert")).to_have_text("Invalid username or password.")
        expect(page.get_by_label("User name or e-mail address")).to_have_value("ada")
        expect(page.get_by_label("Password")).to_have_value("")
        camera.take(page, "journey-4-wrong-password")

        sign_in(page, "ada", remember=True)
        expect(page).to_have_url(f"{site.url}/admin/")
        before = _cookies(context)
        expiry = {each["name"]: each["expires"] for each in context.cookies()}
        assert expiry["gatehouse"] == -1
        assert expiry["gatehouse_remember"] > 0
        assert all(each["httpOnly"] for each in context.cookies())
        context.close()

        context = _open_browser(playwright, tmp_path / "profile", watch)
        assert "gatehouse" not in _cookies(context)
        assert _cookies(context)["gatehouse_remember"] == before["gatehouse_remember"]
        page = context.pages[0]
        page.goto("/admin/")
        expect(page.get_by_role("main")).to_contain_text("ada@example.org")
        assert path_of(page) == "/admin/"

        copied = {**before, **_cookies(context)}
        assert site.ask("/admin/", Cookie=_header(copied))[0] == 200

        page.get_by_role("main").get_by_role("link", name="Log out").click()
        expect(page.get_by_role("status")).to_have_text("You have been logged out.")
        assert kept(page) == {}
        for cookies in (before, copied, {"gatehouse_remember": copied["gatehouse_remember"]}):
            status, _, headers = site.ask("/admin/", Cookie=_header(cookies))
            assert status == 302
            assert headers["Location"].startswith("/login/")
        context.close()
        watch.is_content()
    assert "Traceback" not in site.output
