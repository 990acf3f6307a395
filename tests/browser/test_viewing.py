"""Whoever helps people sees the site as one of them, and is themselves again."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LONG_NAME, NewPage
from tests.browser.looking import Camera, judge, path_of, sign_in
from tests.browser.running import COMMAND, Site, environment

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SETTINGS = {
    # So the way in sets up a second step, and both are proven in the session that it opens.
    "GATEHOUSE_MFA_EVERYONE": "required",
    "GATEHOUSE_MFA_GRACE": "0s",
    "GATEHOUSE_PASSWORDS_HASH_TIME": "2",
    "GATEHOUSE_PASSWORDS_HASH_MEMORY": "19MiB",
}


@pytest.fixture
def site(town: Path, tmp_path: Path) -> Iterator[Site]:
    """The site with people in it."""
    home = tmp_path / "home"
    shutil.copytree(town, home)
    with Site(home, **SETTINGS) as site:
        yield site


def _button(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def _id_of(site: Site, name: str) -> str:
    told = environment(site.home, **SETTINGS, GATEHOUSE_PUBLIC_URL=site.url)
    words = [COMMAND, "users", "show", name, "--json"]
    done = subprocess.run(words, env=told, check=True, capture_output=True, text=True)
    found: str = json.loads(done.stdout)["id"]
    return found


def _with_two_factors(page: Page, wanted: str) -> None:
    """Sign in as the administrator, set up an app on the way in, and arrive."""
    page.goto(f"/login/?next={wanted}")
    sign_in(page, "ada")
    card = page.get_by_role("region", name="Authenticator app")
    card.get_by_role("link", name="Set up").click()
    _button(page, "Continue")
    app = pyotp.TOTP(page.locator(".gh-typed").inner_text().replace(" ", ""))
    page.get_by_label("Code from the app").fill(app.now())
    _button(page, "Add this app")
    judge(page, "Keep these codes")
    page.get_by_role("link", name="I have kept them").click()


def test_seeing_the_site_as_somebody_and_being_oneself_again(
    new_page: NewPage, site: Site, camera: Camera
) -> None:
    page = new_page(site)
    _with_two_factors(page, f"/admin/people/{_id_of(site, LONG_NAME)}/view/")
    heading = f"See the site as {LONG_NAME}"
    judge(page, heading)
    camera.take(page, "viewing-begin")

    # The reason is asked for by the site as well as by the browser.
    page.get_by_label("Why do you look?").evaluate("each => each.removeAttribute('required')")
    _button(page, "See the site as they do")
    judge(page, heading)
    expect(page.get_by_label("Why do you look?")).to_have_attribute("aria-invalid", "true")
    camera.take(page, "viewing-refused")

    page.get_by_label("Why do you look?").fill("request 4711")
    _button(page, "See the site as they do")
    judge(page, "Admin")
    bar = page.get_by_role("complementary", name="View as somebody else")
    expect(bar).to_contain_text(f"You see this site as {LONG_NAME}")
    camera.take(page, "viewing")
    page.goto("/account/")
    judge(page, "Your account")
    expect(bar).to_be_visible()
    page.goto("/account/devices/")
    judge(page, "Your devices")
    expect(page.get_by_role("main")).to_contain_text("Sees the site as you")
    camera.take(page, "viewing-devices")

    # What is not to be looked at says so, and the way out is there too.
    page.goto("/confirm/")
    judge(page, "You only look")
    expect(bar).to_be_visible()
    camera.take(page, "viewing-refusal")

    # By keyboard: the bar comes right behind the link to the content.
    page.goto("/account/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the main content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(bar.get_by_role("button", name="End it")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/people/**")
    expect(page.get_by_text("You are yourself again.")).to_be_visible()
    expect(bar).to_have_count(0)
    page.goto("/account/")
    expect(page.get_by_role("main")).to_contain_text("ada@example.org")
    assert path_of(page) == "/account/"


def test_when_it_is_over_by_itself_every_page_leads_back(
    new_page: NewPage, site: Site, camera: Camera
) -> None:
    page = new_page(site)
    _with_two_factors(page, f"/admin/people/{_id_of(site, 'ben')}/view/")
    page.get_by_label("Why do you look?").fill("request 4711")
    _button(page, "See the site as they do")
    judge(page, "Admin")
    told = environment(site.home, **SETTINGS, GATEHOUSE_PUBLIC_URL=site.url)
    subprocess.run(
        [COMMAND, "viewing", "end", "--user", "ben"], env=told, check=True, capture_output=True
    )
    page.goto("/account/")
    judge(page, "Log in")
    camera.take(page, "viewing-over")
    page.get_by_role("button", name="Back to your own account").click()
    expect(page.get_by_text("You are yourself again.")).to_be_visible()
    judge(page, "Admin")
    # Nobody knows who was there meanwhile.
    page.goto("/admin/people/")
    judge(page, "Confirm that it is you")
