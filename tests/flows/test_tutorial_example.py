"""The tutorial application: what Gatehouse changes for the people, and for a thief.

`before` is the application with Flask-Login alone, `after` the same one with Gatehouse. Both run
on the same database, whose tables are made as the README says.
"""

import difflib
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask.testing import FlaskClient

EXAMPLE = Path(__file__).parents[2] / "examples" / "tutorial"
PASSWORD = "correct horse battery staple"

#: The cookies of both ways: of the session, and of "remember me".
COOKIES = {"before": ("session", "remember_token"), "after": ("gatehouse", "gatehouse_remember")}

MakeApp = Callable[[str], Flask]

# Flask-Login's own remember cookie asks the clock in a way that newer Pythons warn of.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the application a database of its own, migrated and with one member."""
    home = tmp_path_factory.mktemp("tutorial")
    settings = {
        "FLASK_SECRET_KEY": "a key of the tests, and of nothing else",
        "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{home / 'clubhouse.db'}",
        "GATEHOUSE_HOME": str(home),
    }
    flask(settings, "before", "db", "upgrade")
    flask(settings, "after", "gatehouse", "db", "upgrade")
    flask(settings, "after", "create-user", "ada", "ada@example.org", "--password", PASSWORD)
    return settings


def flask(settings: dict[str, str], app: str, *command: str) -> str:
    """Run a ``flask`` command in the folder of the example; return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", app, *command],
        cwd=EXAMPLE,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def make_app(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeApp]:
    """Start one of the two applications in this process."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(EXAMPLE)
    started: list[Flask] = []

    def make(name: str) -> Flask:
        app: Flask = importlib.import_module(name).create_app()
        started.append(app)
        return app

    yield make
    for app in started:
        with app.app_context():
            app.extensions["sqlalchemy"].engine.dispose()
    for name in [name for name in sys.modules if name.split(".")[0] in {*COOKIES, "clubhouse"}]:
        del sys.modules[name]


def sign_in(
    client: FlaskClient, *, password: str = PASSWORD, remember: bool = False, wanted: str = "/"
) -> str:
    """Fill in the form as a person does; return where that leads."""
    form = {"username": "ada", "password": password, "csrf_token": form_token(client)}
    if remember:
        form["remember_me"] = "y"
    response = client.post("/login", query_string={"next": wanted}, data=form)
    assert response.status_code == 303, response.text
    return response.location or ""


def form_token(client: FlaskClient) -> str:
    """Read the token of the form on the login page."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    assert found is not None
    return found[1]


def thief_of(client: FlaskClient, cookie: str) -> FlaskClient:
    """Open another browser with a copy of one cookie."""
    found = client.get_cookie(cookie)
    assert found is not None
    thief = client.application.test_client()
    thief.set_cookie(cookie, found.value)
    return thief


def is_in(client: FlaskClient) -> bool:
    """Whether the page for members opens."""
    response = client.get("/")
    assert response.status_code in {200, 302}
    return response.status_code == 200 and "Hello, ada" in response.text


@pytest.mark.parametrize("name", COOKIES)
def test_a_member_signs_in_and_out(make_app: MakeApp, name: str) -> None:
    client = make_app(name).test_client()
    response = client.get("/")
    assert (response.status_code, response.location) == (302, "/login?next=%2F")
    assert "Please log in to access this page." in client.get("/login").text
    assert sign_in(client) == "/"
    assert is_in(client)
    assert client.get("/login").location == "/"
    assert client.get("/logout").location == "/login"
    assert not is_in(client)


@pytest.mark.parametrize("name", COOKIES)
def test_a_wrong_password_is_refused(make_app: MakeApp, name: str) -> None:
    client = make_app(name).test_client()
    again = sign_in(client, password="wrong", wanted="/?page=2")
    assert again == "/login?next=/?page%3D2"
    assert "Invalid username or password" in client.get(again).text
    assert not is_in(client)


@pytest.mark.parametrize("name", COOKIES)
@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil", ""],
)
def test_a_sign_in_leads_to_a_page_of_this_site(make_app: MakeApp, name: str, wanted: str) -> None:
    assert sign_in(make_app(name).test_client(), wanted=wanted) == "/"


@pytest.mark.parametrize(("name", "still_in"), [("before", True), ("after", False)])
def test_a_copied_session_cookie_is_worth_nothing_after_logout_with_gatehouse(
    make_app: MakeApp, name: str, *, still_in: bool
) -> None:
    client = make_app(name).test_client()
    sign_in(client)
    thief = thief_of(client, COOKIES[name][0])
    assert is_in(thief)
    client.get("/logout")
    assert not is_in(client)
    assert is_in(thief) is still_in


@pytest.mark.parametrize(("name", "still_in"), [("before", True), ("after", False)])
def test_a_copied_remember_cookie_is_worth_nothing_after_logout_with_gatehouse(
    make_app: MakeApp, name: str, *, still_in: bool
) -> None:
    client = make_app(name).test_client()
    sign_in(client, remember=True)
    thief = thief_of(client, COOKIES[name][1])
    client.get("/logout")
    assert client.get_cookie(COOKIES[name][1]) is None
    assert is_in(thief) is still_in


@pytest.mark.parametrize("name", COOKIES)
def test_a_remember_cookie_brings_a_member_back(make_app: MakeApp, name: str) -> None:
    client = make_app(name).test_client()
    sign_in(client, remember=True)
    client.delete_cookie(COOKIES[name][0])
    assert is_in(client)


def test_a_cookie_from_before_opens_nothing_after(make_app: MakeApp) -> None:
    old = make_app("before").test_client()
    sign_in(old, remember=True)
    new = make_app("after").test_client()
    for cookie in COOKIES["before"]:
        found = old.get_cookie(cookie)
        assert found is not None
        new.set_cookie(cookie, found.value)
    assert is_in(old)
    assert not is_in(new)
    sign_in(new)
    assert is_in(new)


def proposed(app: Flask) -> list[str]:
    """Return what ``flask db migrate`` would write into a new revision."""
    migrate = app.extensions["migrate"]
    with app.app_context(), migrate.db.engine.connect() as connection:
        arguments: dict[str, Any] = dict(migrate.configure_args)
        context = MigrationContext.configure(connection, opts=arguments)
        return [repr(step) for step in compare_metadata(context, migrate.db.metadata)]


def test_the_hosts_next_migration_leaves_gatehouses_tables_alone(
    make_app: MakeApp, settings: dict[str, str]
) -> None:
    assert any("gatehouse_" in step for step in proposed(make_app("before")))
    assert proposed(make_app("after")) == []
    assert "No new upgrade operations detected" in flask(settings, "after", "db", "check")


def test_the_hosts_migrations_run_beside_gatehouses(settings: dict[str, str]) -> None:
    flask(settings, "after", "db", "upgrade")
    flask(settings, "after", "gatehouse", "db", "upgrade")
    flask(settings, "after", "gatehouse", "db", "check")
    assert "(head)" in flask(settings, "after", "db", "current")


def test_a_short_secret_key_stops_the_start(settings: dict[str, str]) -> None:
    short = {**settings, "FLASK_SECRET_KEY": "short"}
    with pytest.raises(AssertionError, match="32"):
        flask(short, "after", "db", "current")


def test_a_second_member_of_the_same_name_is_refused(settings: dict[str, str]) -> None:
    command = ["create-user", "ada", "other@example.org", "--password", PASSWORD]
    with pytest.raises(AssertionError, match="is taken"):
        flask(settings, "after", *command)


def test_the_readme_shows_the_difference_as_it_is() -> None:
    before, after = (EXAMPLE / f"{name}.py" for name in COOKIES)
    lines = difflib.unified_diff(
        before.read_text("utf-8").splitlines(), after.read_text("utf-8").splitlines(), n=0
    )
    changed = [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    shown = re.search(r"```diff\n(.*?)```", (EXAMPLE / "README.md").read_text("utf-8"), re.DOTALL)
    assert shown is not None
    assert [line for line in shown[1].splitlines() if line[:1] in {"+", "-"}] == changed[2:]
