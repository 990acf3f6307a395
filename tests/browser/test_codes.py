"""An authenticator app and recovery codes, added and used in a real browser."""

import subprocess

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.looking import Camera, judge, path_of, sign_in
from tests.browser.running import COMMAND, Site, environment

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PASSWORD = "eleven slow tortoises"
ADD = "/account/authenticator/add/"


@pytest.fixture
def person(site: Site) -> str:
    """Somebody with a password, whose factors are nobody else's to mind."""
    subprocess.run(
        [COMMAND, "users", "set-password", "person010", "--password-stdin"],
        env=environment(site.home, GATEHOUSE_PUBLIC_URL=site.url),
        input=PASSWORD,
        text=True,
        check=True,
    )
    return "person010"


def _button(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def _at_the_gate(page: Page, person: str) -> None:
    page.goto("/login/?next=/account/recovery-codes/")
    sign_in(page, person, PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Type the code from your app")


def test_the_pages_of_codes(new_page: NewPage, site: Site, camera: Camera, person: str) -> None:
    page = new_page()
    page.goto(f"/login/?next={ADD}")
    sign_in(page, person, PASSWORD)
    judge(page, "Add an authenticator app")
    camera.take(page, "authenticator-add")
    page.get_by_label("Name").fill("A phone with a name that is as long as names of factors may be")
    _button(page, "Continue")
    judge(page, "Scan this with your app")
    camera.take(page, "authenticator-scan")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    app = pyotp.TOTP(page.locator(".gh-typed").inner_text().replace(" ", ""))

    page.get_by_label("Code from the app").fill("no code")
    _button(page, "Add this app")
    judge(page, "Scan this with your app")
    camera.take(page, "authenticator-refused")
    page.get_by_label("Code from the app").fill(app.now())
    _button(page, "Add this app")
    judge(page, "Keep these codes")
    camera.take(page, "recovery-codes-first")
    codes = page.locator(".gh-codes li").all_inner_texts()
    assert len(codes) == 10

    gate = new_page()
    _at_the_gate(gate, person)
    judge(gate, "Type the code from your app")
    expect(gate.get_by_label("Code from the app")).to_be_focused()
    camera.take(gate, "second-step-code")
    gate.get_by_label("Code from the app").fill("000000")
    _button(gate, "Continue")
    judge(gate, "Type the code from your app")
    camera.take(gate, "second-step-code-refused")
    gate.get_by_role("link", name="Use a recovery code").click()
    judge(gate, "Type a recovery code")
    camera.take(gate, "second-step-recovery-code")
    gate.get_by_label("Recovery code").fill("000000")
    _button(gate, "Continue")
    judge(gate, "Type a recovery code")
    camera.take(gate, "second-step-recovery-code-refused")
    gate.get_by_label("Recovery code").fill(codes[0].lower())
    _button(gate, "Continue")
    judge(gate, "Recovery codes")
    assert path_of(gate) == "/account/recovery-codes/"
    expect(gate.get_by_role("main")).to_contain_text("9 of your codes can still be used.")
    camera.take(gate, "recovery-codes")
    _button(gate, "Make a new set")
    judge(gate, "Your new recovery codes")
    camera.take(gate, "recovery-codes-made")
    fresh = gate.locator(".gh-codes li").all_inner_texts()
    assert len(set(fresh) | set(codes)) == 20
