"""What these tests share: databases of their own, a house, and a mail server's certificates."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from flask_gatehouse.db.base import Base
from flask_gatehouse.db.engine import open_engine
from tests.features.mail.houses import PostRoom, database_of_its_own, house_of, room_of, tables
from tests.features.mail.smtp_server import Authority, Mailbox
from tests.services import MARIADB, POSTGRES


@pytest.fixture(scope="session")
def postgres() -> Iterator[Engine]:
    with database_of_its_own(POSTGRES.need()) as engine:
        yield engine


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Engine]:
    with database_of_its_own(MARIADB.need()) as engine:
        yield engine


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(make_url(f"sqlite:///{tmp_path / 'mail.db'}"))
    yield engine
    engine.dispose()


@pytest.fixture
def engine(sqlite: Engine) -> Engine:
    Base.metadata.create_all(sqlite, tables())
    return sqlite


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def every_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """One engine after the other, with empty tables."""
    engine: Engine = request.getfixturevalue(request.param)
    Base.metadata.create_all(engine, tables())
    yield engine
    Base.metadata.drop_all(engine, tables())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def outbox_folder(home: Path) -> Path:
    return home / "outbox"


@pytest.fixture
def room(engine: Engine, home: Path) -> PostRoom:
    """A room that keeps its letters as files."""
    return room_of(house_of(home), engine)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))
