"""One SELECT by key, compiled once: the only statement that runs on every private page.

SQLAlchemy's result machinery costs several times what SQLite needs for the row itself. On SQLite
the compiled text goes to the driver directly, and the columns' own types read the values.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine, Row, Select, StaticPool
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from flask_gatehouse.db.errors import DatabaseUnavailable, is_away


class Lookup:
    """Reads the committed row that one value names, outside of any transaction."""

    def __init__(self, statement: Select[Any], parameter: str) -> None:
        """Args: statement: with one bound parameter, called `parameter`, of type bytes."""
        self._statement = statement
        self._parameter = parameter
        self._prepared: dict[Engine, Callable[[bytes], Sequence[Any] | None]] = {}

    def one(
        self, engine: Engine, value: bytes, host: Session | None = None
    ) -> Sequence[Any] | None:
        """Return the row as a sequence in the order of the columns, or None.

        Args:
            engine: where to read.
            value: what is looked up.
            host: the host's session; read through it if its engine has a single connection.
        Raises:
            DatabaseUnavailable: nobody can tell at the moment.
        """
        if host is not None and isinstance(engine.pool, StaticPool):
            return host.execute(self._statement, {self._parameter: value}).first()
        read = self._prepared.get(engine)
        if read is None:
            sqlite = engine.dialect.name == "sqlite"
            read = self._on_sqlite(engine) if sqlite else self._on_server(engine)
            self._prepared[engine] = read
        return read(value)

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
