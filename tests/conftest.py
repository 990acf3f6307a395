"""Databases, the site under test, and people in it.

`database_url` gives an empty, migrated database of each kind in turn; `sqlite_url` only a file, for
tests in which the database cannot matter.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, make_url, text

from flask_gatehouse.db.base import Base
from flask_gatehouse.db.engine import open_engine, parsed
from flask_gatehouse.db.migrations import runner
from flask_gatehouse.testing import GatehouseTester, settings_for_tests
from gatehouse_site.app import create_app
from tests import services

MakeSite = Callable[..., Flask]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with all tables and no accounts, to be copied."""
    path = tmp_path_factory.mktemp("template") / "gatehouse.db"
    engine = open_engine(parsed(f"sqlite:///{path}", setting="test"))
    runner.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """The URL of a fresh SQLite file."""
    path = tmp_path / "gatehouse.db"
    shutil.copy(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a migrated PostgreSQL database that belongs to this process."""
    yield from _own_database(services.POSTGRES.need())


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[str]:
    """The URL of a migrated MariaDB database that belongs to this process."""
    yield from _own_database(services.MARIADB.need())


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty, migrated database of each kind in turn."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
        return url
    url = request.getfixturevalue(f"{request.param}_server")
    _empty(url)
    return url


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    """Make the site with settings of one's own; what it opened is closed afterwards."""
    made: list[Flask] = []

    def make(url: str, **config: object) -> Flask:
        app = create_app(
            {
                **settings_for_tests(tmp_path),
                "GATEHOUSE_DATABASE_URL": url,
                **config,
            }
        )
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["gatehouse"].works.engine.dispose()


@pytest.fixture
def app(make_site: MakeSite, sqlite_url: str) -> Flask:
    """The site on a fresh SQLite file."""
    return make_site(sqlite_url)


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each kind of database in turn."""
    return GatehouseTester(make_site(database_url))


@pytest.fixture
def tester(gatehouse_tester: GatehouseTester) -> GatehouseTester:
    """The site on a fresh SQLite file, with people, a clock and mails."""
    return gatehouse_tester


@pytest.fixture
def client(tester: GatehouseTester) -> FlaskClient:
    """Somebody anonymous."""
    return tester.client()


def _own_database(server: str) -> Iterator[str]:
    name = f"gatehouse_test_{token_hex(6)}"
    address = parsed(server, setting="test")
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = address.set(database=name)
    engine = open_engine(url)
    runner.upgrade(engine)
    engine.dispose()
    yield url.render_as_string(hide_password=False)
    with admin.connect() as connection:
        force = " WITH (FORCE)" if address.get_backend_name() == "postgresql" else ""
        connection.execute(text(f"DROP DATABASE {name}{force}"))
    admin.dispose()


def _empty(url: str) -> None:
    engine = create_engine(make_url(url))
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
        connection.execute(text("INSERT INTO gatehouse_administration (id, changes) VALUES (1, 0)"))
    engine.dispose()
