"""The example of a host in the console: what its people see, and what nobody else does."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.testing import GatehouseTester, settings_for_tests

EXAMPLE = Path(__file__).parents[2] / "examples" / "console"

#: Everything of Flask-Admin: its first page, a page of the host, and a file.
SHELVES = ("/shelves/", "/shelves/shelves/", "/shelves/static/admin/css/bootstrap4/admin.css")


@pytest.fixture
def tester(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GatehouseTester]:
    """The example in this process."""
    monkeypatch.syspath_prepend(EXAMPLE)
    for name, value in settings_for_tests(tmp_path).items():
        monkeypatch.setenv(f"FLASK_{name}", value if isinstance(value, str) else json.dumps(value))
    app: Flask = importlib.import_module("app").create_app()
    yield GatehouseTester(app)
    app.extensions["gatehouse"].works.engine.dispose()
    del sys.modules["app"]


def librarian(tester: GatehouseTester, *permissions: str) -> FlaskClient:
    user = tester.add_user("librarian")
    with tester.work() as work:
        roles.make(work, name="librarians", permissions=permissions)
        roles.grant(work, user=user, role="librarians")
    return tester.client(user)


def test_the_console_has_a_tab_a_page_and_a_card_of_the_host(tester: GatehouseTester) -> None:
    client = librarian(tester, "loans.read")
    first = client.get("/admin/").text
    assert "1 book should be back by now." in first
    assert '<a href="/loans/">Loans</a>' in first
    page = client.get("/loans/").text
    assert "Middlemarch, for 3 days" in page
    assert 'aria-current="page">Loans</a>' in page
    assert client.get("/shelves/").status_code == 403


def test_flask_admin_is_closed_by_one_line(tester: GatehouseTester) -> None:
    anyone = tester.client()
    member = tester.client(tester.add_user("member"))
    reader = librarian(tester, "shelves.edit")
    for path in SHELVES:
        assert str(anyone.get(path).location).startswith("/login/"), path
        assert member.get(path).status_code == 403, path
        assert reader.get(path, buffered=True).status_code == 200, path
    assert "All shelves are in order." in reader.get("/shelves/shelves/").text
    assert member.get("/loans/").status_code == 403
    assert "should be back" not in member.get("/admin/").text


def test_every_address_of_the_example_says_who_may_enter(tester: GatehouseTester) -> None:
    run = tester.app.test_cli_runner().invoke
    assert run(args=["gatehouse", "routes", "--unmarked"]).output == ""
    told = run(args=["gatehouse", "routes"]).output
    assert "protected: permitted: shelves.edit" in told
