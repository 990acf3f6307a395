"""What people asked their system for is kept: less motion, own colours, more contrast, paper."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.looking import Camera, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_MOVING = """() => [...document.querySelectorAll("body, body *")].filter(each => {
    const style = getComputedStyle(each);
    const moves = style.transitionDuration.split(", ").some(time => parseFloat(time) > 0);
    return moves || style.animationName !== "none" || style.scrollBehavior === "smooth";
}).length"""


@pytest.mark.parametrize("path", ["/", "/login/"])
def test_nothing_moves_where_motion_was_refused(new_page: NewPage, path: str) -> None:
    page = new_page(reduced_motion="reduce")
    page.goto(path)
    assert page.evaluate(_MOVING) == 0


def test_own_colours_leave_everything_to_be_seen(new_page: NewPage, camera: Camera) -> None:
    page = new_page(forced_colors="active")
    page.goto("/login/")
    sign_in(page, "ada", "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    for control in (
        page.get_by_label("User name or e-mail address"),
        page.get_by_label("Remember me"),
        page.get_by_role("main").get_by_role("button"),
        page.get_by_role("alert"),
    ):
        control.focus() if control.get_attribute("role") is None else None
        seen = control.evaluate(
            """each => {
                const style = getComputedStyle(each);
                return style.appearance !== "none"
                    || parseFloat(style.borderTopWidth) > 0 && style.borderTopStyle !== "none"
                        && style.borderTopColor !== getComputedStyle(document.body).backgroundColor;
            }"""
        )
        assert seen, control
    camera.take(page, "forced-colors-login")
    sign_in(page, "ada")
    expect(page.get_by_role("heading", level=1)).to_have_text("Admin")
    page.goto("/admin/people/")
    here = page.get_by_role("navigation", name="Console").get_by_role("link", name="People")
    other = page.get_by_role("navigation", name="Console").get_by_role("link", name="Overview")
    line = "each => getComputedStyle(each).borderBlockEndColor"
    assert here.evaluate(line) != other.evaluate(line)
    camera.take(page, "forced-colors-people")


def test_more_contrast_makes_soft_words_as_strong_as_the_others(new_page: NewPage) -> None:
    page = new_page(contrast="more")
    page.goto("/admin/people/")
    sign_in(page, "ada")
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    page.wait_for_load_state()
    soft = page.locator(".gh-soft").first
    assert soft.evaluate("each => getComputedStyle(each).color") == page.evaluate(
        "getComputedStyle(document.body).color"
    )


def test_on_paper_there_are_no_controls(page: Page) -> None:
    page.goto("/admin/")
    sign_in(page, "ada")
    expect(page.get_by_role("heading", level=1)).to_have_text("Admin")
    page.emulate_media(media="print")
    expect(page.get_by_role("main")).to_contain_text("ada@example.org")
    for each in page.get_by_role("button", include_hidden=True).all():
        expect(each).not_to_be_visible()
