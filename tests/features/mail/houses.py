"""Houses with letters, put together by hand as the extension does it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import Engine, Table, make_url, select, text

from flask_gatehouse.core import settings
from flask_gatehouse.core.clock import MovedClock
from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.core.keys import KeyRing
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.base import Base
from flask_gatehouse.db.engine import open_engine, parsed
from flask_gatehouse.db.work import Works
from flask_gatehouse.feature import load
from flask_gatehouse.features.audit.feature import FEATURE as AUDIT
from flask_gatehouse.features.audit.models import AuditLane, AuditRow
from flask_gatehouse.features.mail import service
from flask_gatehouse.features.mail.feature import FEATURE as MAIL
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.mail.post import Post
from flask_gatehouse.features.mail.settings import MailSettings

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
LINK = "https://club.example/invitation/" + "s" * 43 + "/"


def tables() -> list[Table]:
    return [Base.metadata.tables[model.__tablename__] for model in (Letter, AuditRow, AuditLane)]


@contextmanager
def database_of_its_own(address: str) -> Iterator[Engine]:
    """Make an empty database on a server, and drop it at the end."""
    url, name = parsed(address, setting="the test"), f"gatehouse_mail_{uuid4().hex}"
    server = open_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = open_engine(make_url(url).set(database=name))
    try:
        yield engine
    finally:
        engine.dispose()
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        server.dispose()


def house_of(home: Path, post: Post | None = None, **given: object) -> House:
    """Return a house with `audit` and `mail`; another `post` replaces the shipped one."""
    config = {"GATEHOUSE_PUBLIC_URL": "https://club.example", "GATEHOUSE_SITE_NAME": "Club"}
    read = settings.read(
        {"": CoreSettings, "mail": MailSettings}, config=config | given, environment={}
    )
    house = House(read, KeyRing([b"k" * 32]), MovedClock(NOON), home=home, testing=True)
    parts = [load(place)(house) for feature in (AUDIT, MAIL) for place in feature.plugs]
    if post is not None:
        parts = [post, *(part for part in parts if not isinstance(part, Post))]
    house.furnish(parts)
    return house


@dataclass
class PostRoom:
    """One application's letters, as a test handles them."""

    works: Works
    clock: MovedClock

    def post(
        self,
        recipient: str = "ann@example.org",
        user_id: UUID | None = None,
        good_until: datetime | None = None,
    ) -> None:
        facts = {"link": LINK, "hours": 24}
        with self.works.begin(Origin()) as work:
            service.post(
                work,
                letter="invitation",
                recipient=recipient,
                facts=facts,
                user_id=user_id,
                good_until=good_until,
            )

    def letters(self) -> list[Letter]:
        with self.works.reading() as db:
            return list(db.scalars(select(Letter).order_by(Letter.id)))

    def letter(self) -> Letter:
        (only,) = self.letters()
        return only

    def record(self) -> list[AuditRow]:
        with self.works.reading() as db:
            return list(db.scalars(select(AuditRow).order_by(AuditRow.at, AuditRow.id)))


def room_of(house: House, engine: Engine) -> PostRoom:
    assert isinstance(house.clock, MovedClock)
    return PostRoom(Works(house, lambda: engine), house.clock)
