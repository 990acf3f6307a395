"""Two browsers of one person: one signs the other out."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPage
from tests.browser.looking import PASSWORD, Camera, sign_in
from tests.browser.running import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_browser_that_another_one_ended_is_out_at_its_next_click(
    new_page: NewPage, site: Site, camera: Camera
) -> None:
    lost, here = new_page(), new_page(java_script_enabled=False)
    for page in (lost, here):
        page.goto("/login/?next=/account/")
        sign_in(page, "ben", remember=page is lost)
        expect(page).to_have_url(f"{site.url}/account/")
    lost.goto("/account/devices/")
    lost.get_by_role("article").filter(has_text="This one").get_by_label("Your name for it").fill(
        "Lost telephone"
    )
    lost.get_by_role("article").filter(has_text="This one").get_by_role(
        "button", name="Save name"
    ).click()

    here.get_by_role("main").get_by_role("link", name="devices").click()
    card = here.get_by_role("article", name="Lost telephone")
    expect(card).to_contain_text("Remembered")
    expect(card).to_contain_text("Password")
    camera.take(here, "devices-before-one-is-ended")
    card.get_by_role("button", name=re.compile("^End")).click()

    expect(here.get_by_role("status")).to_have_text("That device is signed out.")
    expect(here.get_by_role("article", name="Lost telephone")).to_have_count(0)
    camera.take(here, "devices-after-one-is-ended")
    lost.get_by_role("main").get_by_role("link", name="Your account").click()
    expect(lost).to_have_url(re.compile("/login/[?]next="))
    here.goto("/account/")
    expect(here).to_have_url(f"{site.url}/account/")


def test_what_was_pressed_too_late_is_done_after_the_password_and_one_button(
    new_page: NewPage, site: Site, camera: Camera
) -> None:
    lost, here = new_page(), new_page(java_script_enabled=False)
    for page in (lost, here):
        page.goto("/login/?next=/account/devices/")
        sign_in(page, "ben", remember=page is here)
        expect(page).to_have_url(f"{site.url}/account/devices/")
    # The browser was closed and opened again: it is remembered, and nobody has proven anything.
    here.context.clear_cookies(name="gatehouse")
    here.goto("/account/devices/")
    here.get_by_role("article").last.get_by_role("button", name=re.compile("^End")).click()

    expect(here.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    here.get_by_label("Password").fill("wrong at first")
    here.get_by_role("button", name="Confirm").click()
    expect(here.get_by_role("alert")).to_be_visible()
    here.get_by_label("Password").fill(PASSWORD)
    here.get_by_role("button", name="Confirm").click()
    expect(here.get_by_role("heading", level=1)).to_have_text("Thank you, it is you")
    camera.take(here, "carry-on")
    here.get_by_role("button", name="Carry on").click()

    expect(here.get_by_role("status")).to_have_text("That device is signed out.")
    expect(here).to_have_url(f"{site.url}/account/devices/")
