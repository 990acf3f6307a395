"""What was counted, and how far."""

from datetime import datetime

from sqlalchemy import BigInteger, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Exact, UtcDateTime


class Statistic(Base):
    """One number of one hour or day."""

    __tablename__ = "gatehouse_statistic"

    #: Hours of the bucket: 1 or 24.
    span: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    #: When it begins.
    bucket: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    #: What is counted: events, ways in, limits; or a gauge, which is looked at and not counted.
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(Exact(64), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class CountedBucket(Base):
    """An hour or day that was counted. Whoever counts it holds its row."""

    __tablename__ = "gatehouse_statistic_bucket"

    span: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    bucket: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Whether nothing can come in late any more.
    final: Mapped[bool]
