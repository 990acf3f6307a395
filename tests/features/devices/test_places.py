"""Where an address is, as a host tells it: shown beside the address, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from flask_gatehouse import Gatehouse
from flask_gatehouse.testing import GatehouseTester, settings_for_tests
from tests.forms import sign_in

LIST = "/account/devices/"


def host(tmp_path: Path, sqlite_url: str, locate: Callable[[str], str | None]) -> GatehouseTester:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(settings_for_tests(tmp_path), GATEHOUSE_DATABASE_URL=sqlite_url)
    Gatehouse(app, locate=locate)
    return GatehouseTester(app)


def shown(site: GatehouseTester, path: str = LIST) -> str:
    """Return a page of somebody who signed in from 192.0.2.7."""
    site.add_user()
    client = site.client()
    client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert sign_in(client).status_code == 303
    page = client.get(path)
    assert page.status_code == 200
    return page.text


def test_a_place_stands_beside_the_address(tmp_path: Path, sqlite_url: str) -> None:
    asked: list[str] = []

    def locate(address: str) -> str:
        asked.append(address)
        return " Utrecht, NL "

    site = host(tmp_path, sqlite_url, locate)
    assert '192.0.2.7 <span class="gh-soft">(Utrecht, NL)</span>' in shown(site)
    assert asked == ["192.0.2.7"]


def test_a_place_stands_on_the_page_of_activity_too(tmp_path: Path, sqlite_url: str) -> None:
    page = shown(host(tmp_path, sqlite_url, lambda _: "Utrecht, NL"), "/account/activity/")
    assert '192.0.2.7 <span class="gh-soft">(Utrecht, NL)</span>' in page


def test_a_place_is_text_and_short(tmp_path: Path, sqlite_url: str) -> None:
    site = host(tmp_path, sqlite_url, lambda _: f"<b>\n\x1b[2J{'x' * 500}")
    page = shown(site)
    assert "(&lt;b&gt;" in page
    assert "\x1b" not in page
    assert "x" * 60 not in page


def broken(_: str) -> str | None:
    raise LookupError


def wrong(_: str) -> str | None:
    return 7  # type: ignore[return-value] # what a host may do all the same


@pytest.mark.parametrize("locate", [broken, wrong, lambda _: None, lambda _: "  "])
def test_the_page_is_shown_whatever_comes_of_it(
    tmp_path: Path, sqlite_url: str, locate: Callable[[str], str | None]
) -> None:
    assert "<dd>192.0.2.7</dd>" in shown(host(tmp_path, sqlite_url, locate))


def test_what_fails_is_logged(
    tmp_path: Path, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    shown(host(tmp_path, sqlite_url, broken))
    assert "locate failed" in caplog.text


@pytest.mark.parametrize("path", [LIST, "/account/activity/"])
def test_no_connection_is_held_while_the_host_looks_for_a_place(
    tmp_path: Path, sqlite_url: str, path: str
) -> None:
    held: list[int] = []

    def locate(_: str) -> None:
        held.append(site.app.extensions["gatehouse"].works.engine.pool.checkedout())

    site = host(tmp_path, sqlite_url, locate)
    shown(site, path)
    assert held
    assert set(held) == {0}
