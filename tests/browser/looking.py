"""What is looked at on every page: what it shows, what it keeps, and what it asks for."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    expect,
)

PASSWORD = "seven quiet herons"

Scheme = Literal["light", "dark"]

WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 360, "height": 740}
#: The narrowest screen on which nothing may have to be moved sideways. Source: WCAG 2.2, 1.4.10.
NARROWEST: ViewportSize = {"width": 320, "height": 640}

#: How each page is looked at.
LOOKS: Sequence[tuple[str, ViewportSize, Scheme]] = (
    ("wide-light", WIDE, "light"),
    ("wide-dark", WIDE, "dark"),
    ("narrow-light", NARROW, "light"),
    ("narrow-dark", NARROW, "dark"),
)


@dataclass
class Watch:
    """Listens to everything that happens in a context."""

    origin: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Begin."""
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", self._asked)

    def is_content(self) -> None:
        """Fail if anything was complained about, or asked of anybody else."""
        assert not self.complaints, self.complaints
        assert not self.strangers, self.strangers

    def _heard(self, message: ConsoleMessage) -> None:
        # A page whose own status is an error is told to the console as a resource; nothing else is.
        page = message.page
        about_the_page = "the server responded with a status of" in message.text and (
            page is not None and message.location["url"] == page.url
        )
        if message.type in {"error", "warning"} and not about_the_page:
            self.complaints.append(f"{message.location['url']}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(f"{self.origin}/"):
            self.strangers.append(request.url)


@dataclass(frozen=True)
class Camera:
    """Takes pictures of pages, wide and narrow, light and dark; without a folder it takes none."""

    folder: Path | None

    @classmethod
    def of_every_page(cls) -> "Camera":
        """Take pictures only where GATEHOUSE_TEST_SCREENSHOTS says that they are kept."""
        folder = os.environ.get("GATEHOUSE_TEST_SCREENSHOTS")
        return cls(Path(folder) if folder else None)

    @classmethod
    def of_the_journey(cls, otherwise: Path) -> "Camera":
        """Take pictures always; they are kept with the other files of the test."""
        return cls(cls.of_every_page().folder or otherwise)

    def take(self, page: Page, name: str) -> None:
        """Take one picture of each look."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        page.wait_for_load_state()
        for look, size, scheme in LOOKS:
            turn(page, size, scheme)
            page.screenshot(path=self.folder / f"{name}-{look}.png", full_page=True)
        turn(page, WIDE, "light")


def turn(page: Page, size: ViewportSize, scheme: Scheme) -> None:
    """Give the page another size and other colours."""
    page.set_viewport_size(size)
    # Without motion the colours change at once.
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")


def sign_in(page: Page, username: str, password: str = PASSWORD, *, remember: bool = False) -> None:
    """Fill in the login form that is shown, and send it."""
    page.get_by_label("User name or e-mail address").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Remember me").set_checked(remember)
    page.get_by_role("button", name="Log in").click()


def path_of(page: Page) -> str:
    """Return path and query of the page that is shown."""
    url = urlsplit(page.url)
    return f"{url.path}?{url.query}" if url.query else url.path


def judge(page: Page, heading: str) -> None:
    """Fail unless the page is the one meant, and is as every page has to be in each look."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.wait_for_load_state()
    expect(page).to_have_title(re.compile("\\w.* \N{EN DASH} Gatehouse$"))
    assert kept(page) == {}
    for size in (NARROWEST, NARROW, WIDE):
        page.set_viewport_size(size)
        assert sideways(page) == 0, size
    for size, scheme in _JUDGED:
        turn(page, size, scheme)
        found = violations(page)
        assert not found, f"{size} {scheme}: {found}"


#: Widths change where things are, and colours how they stand out: each of them is seen once.
_JUDGED: tuple[tuple[ViewportSize, Scheme], ...] = ((NARROW, "light"), (WIDE, "dark"))


def violations(page: Page) -> list[str]:
    """Return what axe finds, one line for each element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found: list[dict[str, Any]] = page.evaluate(_RUN_AXE)
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    ]


def sideways(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    # Without its stylesheet a page says nothing of its width.
    page.wait_for_load_state("load")
    found: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return found


def kept(page: Page) -> dict[str, Any]:
    """Return what scripts could find of the person in this browser: nothing."""
    found: dict[str, Any] = page.evaluate(_KEPT)
    return {name: value for name, value in found.items() if value}


def stops(page: Page) -> Iterator[dict[str, Any]]:
    """Press Tab until the page is over."""
    while True:
        page.keyboard.press("Tab")
        focused: dict[str, Any] | None = page.evaluate(_FOCUSED)
        if focused is None:
            return
        yield focused


def assert_ringed(stop: dict[str, Any]) -> None:
    """Fail unless what has the keyboard is seen, with a ring of at least 3:1."""
    assert stop["seen"], stop
    assert stop["style"] == "solid", stop
    assert stop["width"] >= 2, stop
    assert _contrast(stop["ring"], stop["ground"]) >= 3, stop


def _luminance(colour: str) -> float:
    """Return the relative luminance of `rgb(r, g, b)`. Source: WCAG 2.2, relative luminance."""
    parts = [int(each) / 255 for each in colour.removeprefix("rgb(").rstrip(")").split(", ")]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


_FOCUSED = r"""() => {
    const each = document.activeElement;
    if (each === document.body) return null;
    const style = getComputedStyle(each);
    const box = each.getBoundingClientRect();
    return {
        name: (each.labels?.[0] ?? each).textContent.trim().replace(/\s+/g, " "),
        width: parseFloat(style.outlineWidth),
        style: style.outlineStyle,
        ring: style.outlineColor,
        ground: getComputedStyle(document.body).backgroundColor,
        seen: box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight,
    };
}"""

_RUN_AXE = """async () => (await axe.run(document, {
    resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    rules: {"target-size": {enabled: true}},
})).violations"""

_KEPT = """async () => ({
    localStorage: Object.keys(localStorage),
    sessionStorage: Object.keys(sessionStorage),
    indexedDB: (await indexedDB.databases()).map(each => each.name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    cookies: document.cookie,
})"""


@cache
def _axe() -> str:
    """Return the script of axe-core, which the test's package carries with it."""
    spec = find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("axe.min.js").read_text("utf-8")
