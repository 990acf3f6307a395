"""What these tests share: a site that nobody has to wait for, and one that is reached by https."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from flask import Flask

from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite, sites
from tests.security.walk import OPENED, UNLIMITED, Visit, ask, people, routes

#: Where people reach the site that has https.
HTTPS = "https://ours.example"


@pytest.fixture
def patient(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    """The site on a fresh SQLite file, without limits of attempts."""
    return GatehouseTester(make_site(sqlite_url, **UNLIMITED, **OPENED))


@pytest.fixture
def https_app(make_site: MakeSite, sqlite_url: str) -> Flask:
    """The site as it is reached by https."""
    return make_site(sqlite_url, GATEHOUSE_PUBLIC_URL=HTTPS, **UNLIMITED, **OPENED)


@pytest.fixture
def https(https_app: Flask) -> GatehouseTester:
    """The site as it is reached by https; give its clients `base_url=HTTPS`."""
    return GatehouseTester(https_app)


@pytest.fixture
def generous(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each kind of database in turn, without limits of attempts."""
    return GatehouseTester(make_site(database_url, **UNLIMITED, **OPENED))


@pytest.fixture(scope="session")
def every_page(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Sequence[Visit]:
    """What each kind of person gets at each address: asked for once, and judged by many tests."""
    home = tmp_path_factory.mktemp("every-page")
    shutil.copy(migrated_file, home / "gatehouse.db")
    with sites(home) as make:
        tester = GatehouseTester(make(f"sqlite:///{home}/gatehouse.db", **UNLIMITED, **OPENED))
        return [
            Visit(kind, route, ask(client, route.path))
            for kind, client in people(tester).items()
            for route in routes(tester.app)
        ]
