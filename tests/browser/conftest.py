"""A browser, and the real site with people in it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from flask_gatehouse.testing import GatehouseTester, settings_for_tests
from gatehouse_site.app import create_app
from tests import services
from tests.browser.looking import PASSWORD, WIDE, Camera, Watch
from tests.browser.running import Site

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

#: The longest that may stand in a row of the list.
LONG_NAME = "a.very.long.user.name-" + "w" * 42
LONG_ADDRESS = f"{'a' * 64}@{'.'.join(['m' * 58] * 3)}.example.org"

#: The longest that a role can be called.
LONG_ROLE = "a-very-long-role-" + "w" * 47

#: What a role is for.
HELPS = "Helps people who cannot get in any more."

#: Sign-ins that may fail for one name.
FAILURES = 5

NewPage = Callable[..., Page]


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """The driver. Not for longer than these tests: it runs a loop, in which no other can begin."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One browser; each test opens a context of its own in it."""
    browser = playwright.chromium.launch(
        executable_path=services.chromium(),
        args=list(ARGUMENTS),
        # Browsers of people have this cache.
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home to be copied: an administrator, a member, and 120 more with the longest names."""
    home = tmp_path_factory.mktemp("town")
    app = create_app(settings_for_tests(home))
    tester = GatehouseTester(app)
    tester.add_user("ada", email="ada@example.org", password=PASSWORD, admin=True)
    tester.add_user("ben", password=PASSWORD)
    tester.add_user(LONG_NAME, email=LONG_ADDRESS, password=PASSWORD)
    tester.add_user("Ünal", email="uenal@example.org", password=None)
    tester.add_user("away", password=PASSWORD)
    for number in range(1, 118):
        name = f"person{number:03}"
        tester.add_user(name, email=f"{name}@example.org", password=None)
    for words in (
        ("users", "suspend", "person001"),
        ("users", "deactivate", "away"),
        ("users", "address", "add", "person005", "person005@example.org", "--proven"),
        ("roles", "make", "support", "people.read", "people.suspend", "--about", HELPS),
        ("roles", "make", LONG_ROLE),
        *(("roles", "grant", f"person{number:03}", "support") for number in range(2, 60)),
        ("roles", "grant", LONG_NAME, "support", "--until", "20000d"),
    ):
        done = app.test_cli_runner().invoke(args=["gatehouse", *words])
        assert done.exit_code == 0, done.output
    app.extensions["gatehouse"].works.engine.dispose()
    return home


@pytest.fixture(scope="session")
def site(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site with people in it. No test may use up the limits of the others."""
    home = tmp_path_factory.mktemp("site") / "home"
    shutil.copytree(town, home)
    with Site(
        home,
        GATEHOUSE_PASSWORDS_HASH_TIME="2",
        GATEHOUSE_PASSWORDS_HASH_MEMORY="19MiB",
        GATEHOUSE_THROTTLING_NETWORK="10000/10m",
        GATEHOUSE_THROTTLING_NAME_AND_NETWORK=f"{FAILURES}/15m",
        GATEHOUSE_THROTTLING_ACCOUNT="10000/1h",
        GATEHOUSE_REGISTRATION_MODE="open",
        GATEHOUSE_REGISTRATION_NETWORK="10000/1h",
        GATEHOUSE_LOGIN_BY_MAIL_ALLOWED="yes",
        GATEHOUSE_LOGIN_BY_MAIL_NETWORK="10000/1h",
    ) as site:
        yield site


@pytest.fixture(scope="session")
def new_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that was just started for the first time, in which nobody gets an account."""
    with Site(tmp_path_factory.mktemp("new") / "home") as site:
        yield site


@pytest.fixture
def new_page(browser: Browser, site: Site) -> Iterator[NewPage]:
    """Open a page in a fresh context; at the end nothing may have been complained about."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def new(at: Site | None = None, *, by_name: bool = False, **options: Any) -> Page:
        url = (at or site).url
        if by_name:
            # For an address of numbers browsers make no passkeys.
            url = url.replace("127.0.0.1", "localhost")
        context = browser.new_context(base_url=url, viewport=WIDE, **options)
        watch = Watch(url)
        watch.over(context)
        opened.append((context, watch))
        return context.new_page()

    yield new
    for context, watch in opened:
        context.close()
        watch.is_content()


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """One page of the site with people in it."""
    return new_page()


@pytest.fixture
def camera() -> Camera:
    """Takes pictures, if somebody wants to see them."""
    return Camera.of_every_page()
