"""The real site with its real processes, and wires to the servers it leans on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from flask_gatehouse.testing import GatehouseTester, settings_for_tests
from gatehouse_site.app import create_app
from tests.browser.running import Site
from tests.conftest import _empty
from tests.drills.line import Line
from tests.drills.visitor import Visitor

Start = Callable[..., Site]

#: The cheapest hashes that a real site takes, and limits that only some drills want to reach.
VARIABLES = {
    "GATEHOUSE_PASSWORDS_HASH_TIME": "2",
    "GATEHOUSE_PASSWORDS_HASH_MEMORY": "19MiB",
    "GATEHOUSE_THROTTLING_NETWORK": "10000/10m",
}

PEOPLE = ("alice", "bob", "carol", "dave")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the site on a database in which there are people; it is stopped afterwards."""
    running: list[Site] = []

    def begin(url: str, *arguments: str, behind: str | None = None, **variables: str) -> Site:
        """Args: behind: where the database is reached to put people into it; `url` if not said."""
        home = tmp_path / f"home{len(running)}"
        populate(home, behind or url)
        site = Site(home, *arguments, **{**VARIABLES, "GATEHOUSE_DATABASE_URL": url, **variables})
        running.append(site)
        if "--workers" not in arguments:
            site.wait_for("(?s)Booting worker.*Booting worker")
        return site.ready()

    yield begin
    for site in running:
        site.stop()


def populate(home: Path, url: str) -> None:
    """Make accounts, if there are none yet."""
    home.mkdir()
    app = create_app({**settings_for_tests(home), "GATEHOUSE_DATABASE_URL": url})
    tester = GatehouseTester(app)
    for name in PEOPLE:
        tester.add_user(name, email=f"{name}@example.org", admin=name == "alice")
    app.extensions["gatehouse"].works.engine.dispose()


def visitor(site: Site) -> Visitor:
    """Return a fresh browser."""
    return Visitor(site.port)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """An empty PostgreSQL database."""
    _empty(postgres_server)
    return postgres_server


@pytest.fixture
def line(postgres_url: str) -> Iterator[Line]:
    """The wire to the database server."""
    url = make_url(postgres_url)
    with Line(url.host or "127.0.0.1", url.port or 5432) as made:
        yield made


@pytest.fixture
def wired_url(postgres_url: str, line: Line) -> str:
    """The database as it is reached by the wire."""
    wired = make_url(postgres_url).set(host="127.0.0.1", port=line.port)
    return wired.render_as_string(hide_password=False)
