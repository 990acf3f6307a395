"""What every table has in common."""

import secrets
import time
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    VARBINARY,
    DateTime,
    Dialect,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase

#: Every table of ours begins so; a host's migrations are told to leave these alone.
TABLE_PREFIX = "gatehouse_"


#: Names of the dialects of MySQL and MariaDB.
MYSQL = frozenset({"mysql", "mariadb"})

#: Thirty-two bytes that stand for a secret; usable as a primary key on every database.
Digest = LargeBinary(32).with_variant(VARBINARY(32), "mysql", "mariadb")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, aware in Python on every database, with microseconds."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:  # noqa: ANN401 - SQLAlchemy's own type
        """Ask each database for its most precise type."""
        if dialect.name in MYSQL:
            from sqlalchemy.dialects import mysql  # noqa: PLC0415 - only where it is spoken

            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes: which moment they mean is a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a naive datetime names no moment"
            raise ValueError(msg)
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware datetime."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.replace(tzinfo=UTC)


class Exact(TypeDecorator[str]):
    """Text that is compared character by character, whatever the database's collation folds."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:  # noqa: ANN401 - SQLAlchemy's own type
        """Ask MariaDB and MySQL for a binary collation; the others compare exactly by default."""
        length = cast("String", self.impl_instance).length
        if dialect.name in MYSQL:
            return dialect.type_descriptor(String(length, collation="utf8mb4_bin"))
        return dialect.type_descriptor(String(length))


class Base(DeclarativeBase):
    """The base of all tables; constraints are named, so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, UUID: Uuid}  # noqa: RUF012 - SQLAlchemy's way


def new_id() -> UUID:
    """Return a UUID of version 7: made here, near its neighbours in an index.

    It tells when it was made, so it never names anything in public that should not tell.
    Source: RFC 9562, 5.7.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    return UUID(int=value & ~(0x3 << 62) | 2 << 62)
