"""What these tests share: a site that nobody has to wait for, and one that is reached by https."""

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.security.walk import OPENED, UNLIMITED, engine_of

#: Where people reach the site that has https.
HTTPS = "https://ours.example"


@pytest.fixture
def patient(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    """The site on a fresh SQLite file, without limits of attempts."""
    return hurried(make_site(sqlite_url, **UNLIMITED, **OPENED))


@pytest.fixture
def https_app(make_site: MakeSite, sqlite_url: str) -> Flask:
    """The site as it is reached by https."""
    return make_site(sqlite_url, GATEHOUSE_PUBLIC_URL=HTTPS, **UNLIMITED, **OPENED)


@pytest.fixture
def https(https_app: Flask) -> GatehouseTester:
    """The site as it is reached by https; give its clients `base_url=HTTPS`."""
    return hurried(https_app)


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each kind of database in turn."""
    return hurried(make_site(database_url))


@pytest.fixture
def generous(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each kind of database in turn, without limits of attempts."""
    return hurried(make_site(database_url, **UNLIMITED, **OPENED))


@pytest.fixture
def tester(app: Flask) -> GatehouseTester:
    """The site on a fresh SQLite file."""
    return hurried(app)


#: What need not survive a loss of power is written faster.
_HURRY = {
    "sqlite": "PRAGMA synchronous = OFF",
    "postgresql": "SET synchronous_commit = off",
}


def hurried(app: Flask) -> GatehouseTester:
    """Return the site; what a test writes need not survive a loss of power."""
    engine = engine_of(app)
    statement = _HURRY.get(engine.dialect.name)

    def hurry(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        del entry
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        if engine.dialect.name == "postgresql":
            connection.commit()

    if statement is not None:
        event.listen(engine, "connect", hurry)
    return GatehouseTester(app)
