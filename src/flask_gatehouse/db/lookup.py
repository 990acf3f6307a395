"""One SELECT by key, compiled once: the only statement that runs on every private page.

SQLAlchemy's result machinery costs several times what SQLite needs for the row itself. On SQLite
the compiled text goes to the driver directly, and the columns' own types read the values.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine, Row, Select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from flask_gatehouse.db.errors import DatabaseUnavailable, is_away, is_wrong_on_sqlite
from flask_gatehouse.db.work import Works


class Lookup:
    """Reads the committed row that one value names, outside of any transaction."""

    def __init__(self, statement: Select[Any], parameter: str) -> None:
        """Args: statement: with one bound parameter, called `parameter`, of type bytes."""
        self._statement = statement
        self._parameter = parameter

    def one(self, works: Works, value: bytes) -> Sequence[Any] | None:
        """Return the row as a sequence in the order of the columns, or None.

        Args:
            works: where to read; keeps what is prepared for its engine.
            value: what is looked up.
        Raises:
            DatabaseUnavailable: nobody can tell at the moment.
        """
        read: Callable[[bytes], Sequence[Any] | None] | None = works.prepared.get(self)
        if read is None:
            read = works.prepared[self] = self._prepare(works)
        return read(value)

    def _prepare(self, works: Works) -> Callable[[bytes], Sequence[Any] | None]:
        if works.is_single and works.host_session is not None:
            return lambda value: self._through(works.host_session, value)
        sqlite = works.engine.dialect.name == "sqlite"
        return self._on_sqlite(works.engine) if sqlite else self._on_server(works.engine)

    def _through(self, host: Session | None, value: bytes) -> Row[Any] | None:
        """Read in the host's own transaction: a single connection has no other."""
        if host is None:
            return None
        return host.execute(self._statement, {self._parameter: value}).first()

    def _on_server(self, engine: Engine) -> Callable[[bytes], Row[Any] | None]:
        reading = engine.execution_options(isolation_level="AUTOCOMMIT")

        def read(value: bytes) -> Row[Any] | None:
            try:
                with reading.connect() as connection:
                    return connection.execute(self._statement, {self._parameter: value}).first()
            except SQLAlchemyError as error:
                if is_away(error):
                    raise DatabaseUnavailable from error
                raise

        return read

    def _on_sqlite(self, engine: Engine) -> Callable[[bytes], Sequence[Any] | None]:
        compiled = self._statement.compile(dialect=engine.dialect)
        text = str(compiled)
        kinds = [
            column.type.dialect_impl(engine.dialect) for column in self._statement.selected_columns
        ]
        processors = [kind.result_processor(engine.dialect, None) for kind in kinds]
        failures = engine.dialect.loaded_dbapi.Error

        def read(value: bytes) -> Sequence[Any] | None:
            connection = engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute(text, (value,))
                row = cursor.fetchone()
                cursor.close()
            except failures as error:
                connection.invalidate()
                if is_wrong_on_sqlite(error):
                    raise
                raise DatabaseUnavailable from error
            finally:
                connection.close()
            if row is None:
                return None
            return [
                cell if process is None else process(cell)
                for process, cell in zip(processors, row, strict=True)
            ]

        return read
