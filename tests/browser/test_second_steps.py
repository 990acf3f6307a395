"""Where a second step is required: set up on the way in, let off in a browser, and taken away."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.looking import Camera, judge, path_of, sign_in
from tests.browser.running import COMMAND, Site, environment

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

REQUIRED = {
    "GATEHOUSE_MFA_EVERYONE": "required",
    "GATEHOUSE_MFA_GRACE": "0s",
    "GATEHOUSE_MFA_TRUST_FOR": "14d",
    "GATEHOUSE_PASSWORDS_HASH_TIME": "2",
    "GATEHOUSE_PASSWORDS_HASH_MEMORY": "19MiB",
}


@pytest.fixture
def strict(town: Path, tmp_path: Path) -> Iterator[Site]:
    """The site with people in it, where everybody needs a second step at once."""
    home = tmp_path / "home"
    shutil.copytree(town, home)
    with Site(home, **REQUIRED) as site:
        yield site


@pytest.fixture
def lenient(town: Path, tmp_path: Path) -> Iterator[Site]:
    """The same, with a week in which to set it up."""
    home = tmp_path / "home"
    shutil.copytree(town, home)
    with Site(home, **{**REQUIRED, "GATEHOUSE_MFA_GRACE": "7d"}) as site:
        yield site


def _button(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def _command(site: Site, *words: str) -> None:
    told = environment(site.home, **REQUIRED, GATEHOUSE_PUBLIC_URL=site.url)
    subprocess.run([COMMAND, *words], env=told, check=True, capture_output=True)


def _set_up(page: Page, camera: Camera) -> list[str]:
    """Go through the set-up on the way in; return the recovery codes."""
    judge(page, "Set up a second step")
    assert path_of(page).startswith("/second-step/set-up/")
    camera.take(page, "second-step-set-up")
    card = page.get_by_role("region", name="Authenticator app")
    card.get_by_role("link", name="Set up").click()
    _button(page, "Continue")
    app = pyotp.TOTP(page.locator(".gh-typed").inner_text().replace(" ", ""))
    page.get_by_label("Code from the app").fill(app.now())
    _button(page, "Add this app")
    judge(page, "Keep these codes")
    camera.take(page, "spare-codes")
    codes = page.locator(".gh-codes li").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    return codes


def test_required_set_up_let_off_and_taken_away(
    new_page: NewPage, strict: Site, camera: Camera
) -> None:
    page = new_page(strict)
    page.goto("/login/?next=/account/devices/")
    sign_in(page, "ada")
    codes = _set_up(page, camera)
    assert path_of(page) == "/account/devices/"
    judge(page, "Your devices")

    # In another browser, with the box ticked.
    other = new_page(strict)
    other.goto("/login/?next=/account/devices/")
    sign_in(other, "ada")
    other.get_by_role("link", name="Use a recovery code").click()
    other.get_by_label("Recovery code").fill(codes[0])
    other.get_by_label("Do not ask for the second step in this browser for 14 days").check()
    judge(other, "Type a recovery code")
    camera.take(other, "second-step-trust")
    _button(other, "Continue")
    judge(other, "Your devices")
    expect(other.get_by_role("main")).to_contain_text("Browsers that are let off the second step")
    camera.take(other, "devices-trusted")
    other.goto("/account/")
    _button(other, "Log out")
    other.goto("/login/?next=/account/")
    sign_in(other, "ada")
    judge(other, "Your account")

    # What is about to be taken away is said, and stopped by who proved everything.
    _command(strict, "mfa", "reset", "ada")
    page.goto("/account/factors/")
    judge(page, "Passkeys and second steps")
    expect(page.get_by_role("main")).to_contain_text("All of this is about to be taken away")
    camera.take(page, "factors-reset")
    _button(page, "Stop it, and keep everything")
    expect(page.get_by_role("status")).to_contain_text("It is stopped")


def test_the_console_takes_away_what_was_lost(
    new_page: NewPage, strict: Site, camera: Camera
) -> None:
    page = new_page(strict)
    page.goto("/login/")
    sign_in(page, "ben")
    _set_up(page, camera)
    console = new_page(strict)
    console.goto("/login/?next=/admin/factors/")
    sign_in(console, "ada")
    _set_up(console, camera)
    judge(console, "Second steps")
    camera.take(console, "admin-factors")
    console.get_by_label("User name or e-mail address").fill("ben")
    _button(console, "Find")
    judge(console, "Second steps")
    camera.take(console, "admin-factors-found")
    _button(console, "Have it taken away")
    expect(console.get_by_role("status")).to_contain_text("That waits now")
    judge(console, "Second steps")
    camera.take(console, "admin-factors-waiting")
    _button(console, "Stop it")
    expect(console.get_by_role("status")).to_contain_text("It is stopped")
    console.get_by_label("User name or e-mail address").fill("nobody at all")
    _button(console, "Find")
    judge(console, "Second steps")


def test_the_card_during_the_days_of_grace(
    new_page: NewPage, lenient: Site, camera: Camera
) -> None:
    page = new_page(lenient)
    page.goto("/login/?next=/account/")
    sign_in(page, "ben")
    judge(page, "Your account")
    expect(page.get_by_role("status")).to_contain_text("Set one up before")
    camera.take(page, "account-grace")
    page.goto("/admin/")
    judge(page, "Admin")
    page.get_by_role("link", name="Set it up now").click()
    judge(page, "Set up a second step")
    camera.take(page, "set-up-in-grace")
