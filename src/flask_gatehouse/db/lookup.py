"""One SELECT by key, compiled once: what runs on every private page, or on many.

SQLAlchemy's way from the pool to a row costs several times what a database needs for the row
itself. So readers ask the driver directly where they can (`db/readers.py`), and this is the place
that decides who asks.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, Select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from flask_gatehouse.db.errors import DatabaseUnavailable, is_away
from flask_gatehouse.db.readers import PoolHasToAnswer, Question, Readers
from flask_gatehouse.db.work import Works

_Made = TypeVar("_Made")

#: Takes what is looked up, and returns what `Lookup.one` does.
_Read = Callable[[Hashable], _Made | None]


class Lookup(Generic[_Made]):
    """Reads the committed row that one value names, outside of any transaction."""

    def __init__(
        self,
        statement: Select[Any],
        parameter: str,
        make: Callable[[Sequence[Any]], _Made],
        *,
        every: bool = False,
    ) -> None:
        """Say what is asked.

        Args:
            statement: with one bound parameter, called `parameter`.
            make: what is made of the values of a row. What it returns is handed out again as long
                as the row is the same, so nobody may change it.
            every: whether all rows are wanted, which `make` is given as a list.
        """
        self._every = every
        self._statement = statement
        self._parameter = parameter
        self._make = make

    def one(self, works: Works, value: Hashable) -> _Made | None:
        """Return what was made of the row, or of all rows, or None if there is none.

        Args:
            works: where to read; keeps what is prepared for its engine.
            value: what is looked up.
        Raises:
            DatabaseUnavailable: nobody can tell at the moment.
        """
        return self.prepared(works)(value)

    def prepared(self, works: Works) -> _Read[_Made]:
        """Return `one` of these works, for who asks with each page."""
        read: _Read[_Made] | None = works.prepared.get(self)
        if read is None:
            read = works.prepared[self] = self._prepare(works)
        return read

    def _prepare(self, works: Works) -> _Read[_Made]:
        if works.is_single and works.host_session is not None:
            return lambda value: self._through(works.host_session, value)
        pool = self._through_pool(works.engine)
        return self._through_readers(works.engine, pool) if Readers.fit(works.engine) else pool

    def _through(self, host: Session | Connection | None, value: Hashable) -> _Made | None:
        """Read in the host's own transaction: a single connection has no other."""
        if host is None:
            return None
        found = host.execute(self._statement, {self._parameter: value})
        row = (found.all() or None) if self._every else found.first()
        return None if row is None else self._make(row)

    def _through_pool(self, engine: Engine) -> _Read[_Made]:
        reading = engine.execution_options(isolation_level="AUTOCOMMIT")

        def read(value: Hashable) -> _Made | None:
            try:
                with reading.connect() as connection:
                    return self._through(connection, value)
            except SQLAlchemyError as error:
                if is_away(error):
                    raise DatabaseUnavailable from error
                raise

        return read

    def _through_readers(self, engine: Engine, pool: _Read[_Made]) -> _Read[_Made]:
        question = Question(engine, self._statement, self._parameter, self._make, every=self._every)
        readers = Readers(engine, question)

        def read(value: Hashable) -> _Made | None:
            try:
                return readers.one(value)
            except PoolHasToAnswer:
                return pool(value)

        return read
