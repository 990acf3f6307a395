"""Databases, the site under test, and people in it.

`database_url` gives an empty, migrated database of each kind in turn; `sqlite_url` only a file, for
tests in which the database cannot matter.
"""

import gc
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from secrets import token_hex

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymysql.constants import CLIENT
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from flask_gatehouse.db.base import Base
from flask_gatehouse.db.engine import open_engine, parsed
from flask_gatehouse.db.migrations import runner
from flask_gatehouse.testing import GatehouseTester, settings_for_tests
from gatehouse_site.app import create_app
from tests import once, services

MakeSite = Callable[..., Flask]


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over all that stays until the end, every test included."""
    gc.collect()
    gc.freeze()


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


@contextmanager
def sites(home: Path) -> Iterator[MakeSite]:
    """Make sites with settings of one's own; what they opened is closed afterwards."""
    made: list[Flask] = []

    def make(url: str, **config: object) -> Flask:
        app = create_app(
            {
                **settings_for_tests(home),
                "GATEHOUSE_DATABASE_URL": url,
                **config,
            }
        )
        once.share(app)
        _hurry(app.extensions["gatehouse"].works.engine)
        made.append(app)
        return app

    try:
        yield make
    finally:
        for app in made:
            app.extensions["gatehouse"].works.engine.dispose()


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    """Make the site with settings of one's own."""
    with sites(tmp_path) as make:
        yield make


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


def _hurry(engine: Engine) -> None:
    """Have a file written faster: what a test writes need not survive a loss of power."""
    if engine.dialect.name == "sqlite":

        def hurry(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
            del entry
            cursor = connection.cursor()
            cursor.execute("PRAGMA synchronous = OFF")
            cursor.close()

        event.listen(engine, "connect", hurry)


def _own_database(server: str) -> Iterator[str]:
    name = f"gatehouse_test_{token_hex(6)}"
    address = parsed(server, setting="test")
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        if address.get_backend_name() == "postgresql":
            connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    url = address.set(database=name)
    engine = open_engine(url)
    runner.upgrade(engine)
    engine.dispose()
    yield url.render_as_string(hide_password=False)
    _sweeping(url.render_as_string(hide_password=False)).dispose()
    with admin.connect() as connection:
        force = " WITH (FORCE)" if address.get_backend_name() == "postgresql" else ""
        connection.execute(text(f"DROP DATABASE {name}{force}"))
    admin.dispose()


def _empty(url: str) -> None:
    """Empty all tables in one round trip: that stands before most tests."""
    with _sweeping(url).begin() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(_sweep(len(Base.metadata.tables)))
        while cursor.nextset():
            pass


@cache
def _sweep(tables: int) -> str:
    """Return the statements that empty all tables, as long as there are so many."""
    emptied = [str(table.delete()) for table in reversed(Base.metadata.sorted_tables)]
    assert len(emptied) == tables
    first = "INSERT INTO gatehouse_administration (id, changes) VALUES (1, 0)"
    return "; ".join([*emptied, first])


@cache
def _sweeping(url: str) -> Engine:
    """Return an engine that takes several statements at once; it keeps one connection."""
    address = make_url(url)
    many = {"client_flag": CLIENT.MULTI_STATEMENTS} if "mysql" in address.drivername else {}
    return create_engine(address, connect_args=many, pool_size=1, max_overflow=0)
