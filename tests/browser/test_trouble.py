"""What people see when too much was tried, and when the database is away."""

import re
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from playwright.sync_api import expect
from sqlalchemy import URL, create_engine, make_url, text

from tests import services
from tests.browser.conftest import FAILURES, NewPage
from tests.browser.looking import PASSWORD, Camera, sign_in, violations
from tests.browser.running import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_too_many_wrong_passwords_have_to_wait(
    new_page: NewPage, site: Site, camera: Camera
) -> None:
    page = new_page()
    page.goto("/login/")
    alert = page.get_by_role("alert")
    for _ in range(FAILURES):
        sign_in(page, "person009", "wrong")
        expect(alert).to_have_text("Invalid username or password.")
        alert.evaluate("each => each.remove()")
    with page.expect_response(f"{site.url}/login/") as answered:
        sign_in(page, "person009", "wrong")
    assert answered.value.status == 429
    seconds = int(answered.value.headers["retry-after"])
    assert 600 < seconds <= 900
    expect(alert).to_have_text(
        re.compile(r"Too many attempts\. Please try again in 1[0-5] minutes\.")
    )
    expect(page.get_by_label("User name or e-mail address")).to_have_value("person009")
    assert violations(page) == []
    camera.take(page, "login-too-many")

    # Only that name waits.
    sign_in(page, "ben")
    expect(page).to_have_url(f"{site.url}/admin/")


@pytest.fixture
def database() -> Iterator[URL]:
    """An empty PostgreSQL database that nobody else uses."""
    server = make_url(services.POSTGRES.need()).set(drivername="postgresql+psycopg")
    name = f"gatehouse_test_{token_hex(6)}"
    _tell(server, f"CREATE DATABASE {name}")
    yield server.set(database=name)
    _tell(server, f"DROP DATABASE {name} WITH (FORCE)")


def _tell(server: URL, *statements: str, **values: str | None) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for each in statements:
            connection.execute(text(each), values)
    engine.dispose()


def _lock_out(database: URL) -> None:
    """Let nobody in any more, and send those away who are inside."""
    _tell(
        database.set(database="postgres"),
        f"ALTER DATABASE {database.database} ALLOW_CONNECTIONS false",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name",
        name=database.database,
    )


def _let_in(database: URL) -> None:
    _tell(
        database.set(database="postgres"),
        f"ALTER DATABASE {database.database} ALLOW_CONNECTIONS true",
    )


def test_a_database_that_is_away_is_said_and_nobody_has_to_log_in_again(
    new_page: NewPage, tmp_path: Path, database: URL, camera: Camera
) -> None:
    url = database.set(drivername="postgresql").render_as_string(hide_password=False)
    with Site(tmp_path / "home", GATEHOUSE_DATABASE_URL=url) as site:
        page = new_page(site)
        page.goto(site.setup_path())
        page.get_by_label("User name").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create the account").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Admin")

        _lock_out(database)
        for path in ("/admin/", "/login/"):
            answer = page.goto(path)
            assert answer is not None
            assert (answer.status, answer.headers["retry-after"]) == (503, "5")
            expect(page.get_by_role("heading", level=1)).to_have_text("One moment, please")
            expect(page.get_by_role("main")).to_contain_text("You can try again in 5 seconds.")
        assert violations(page) == []
        camera.take(page, "error-503")
        assert site.ask("/healthz")[0] == 503
        assert site.ask("/gatehouse/static/gatehouse.css")[0] == 200

        _let_in(database)
        page.goto("/admin/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Admin")
        assert site.ask("/healthz")[0] == 200
