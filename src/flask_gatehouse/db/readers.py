"""Connections that only read, kept apart from the pool: for the question that every page asks.

Taking a connection from the pool and giving it back costs several times what the answer costs, and
a server is asked first whether it still listens. A reader stays open between its questions. One
that fails is let go of together with all that wait, and the pool, which knows how to come back
after a restart, answers instead; but nobody who has waited in vain is made to wait once more.
"""

import math
import os
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from typing import Any, Final, Generic, NamedTuple, TypeVar
from weakref import WeakSet

from sqlalchemy import ColumnElement, Engine, QueuePool, Select, event, literal_column
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.util import find_tables

from flask_gatehouse.db.errors import DatabaseUnavailable, is_away, is_wrong_on_sqlite

#: Readers of one process. Who finds all of them busy goes through the pool.
MOST: Final = 4

#: Rows that one reader remembers while nothing changes in the database.
_REMEMBERED: Final = 512

#: Seconds for which a reader of a server stays open. A firewall drops what was idle for longer and
#: tells nobody; the pool renews its own connections at the same age.
_LASTS: Final = 1800

#: Seconds within which a connection that was cut says so. Whoever waited for longer waited for a
#: server that is silent, and would wait for it once more.
_PROMPT: Final = 1

#: The values of a row, in the order of the columns; or a list of such rows.
Row = Sequence[Any]

_Made = TypeVar("_Made")


class Question(Generic[_Made]):
    """A compiled SELECT by one value, in the words of one database. It wants one row, or all."""

    def __init__(
        self,
        engine: Engine,
        statement: Select[Any],
        parameter: str,
        make: Callable[[Row], _Made],
        *,
        every: bool = False,
    ) -> None:
        """Compile once what will be asked for ever.

        Args:
            every: whether all rows are wanted, which `make` is given as a list.
        """
        columns = statement.selected_columns
        versions = [] if every else _versions(engine, statement)
        compiled = statement.add_columns(*versions).compile(dialect=engine.dialect)
        self.text = str(compiled)
        #: Asks for the versions of the rows alone, where the database tells them: it is less work.
        self.version: str | None = None
        if versions:
            of_versions = statement.with_only_columns(*versions, maintain_column_froms=True)
            self.version = str(of_versions.compile(dialect=engine.dialect))
        self._width = len(columns)
        self._parameter = None if compiled.positional else parameter
        bound = compiled.binds[parameter].type.dialect_impl(engine.dialect)
        self._bind = bound.bind_processor(engine.dialect)
        self.every = every
        self._make = make
        kinds = [column.type.dialect_impl(engine.dialect) for column in columns]
        processors = [kind.result_processor(engine.dialect, None) for kind in kinds]
        self._processed = [(at, each) for at, each in enumerate(processors) if each is not None]

    def parameters(self, value: object) -> tuple[object] | dict[str, object]:
        """Return the value as the driver takes it."""
        if self._bind is not None:
            value = self._bind(value)
        return (value,) if self._parameter is None else {self._parameter: value}

    def version_in(self, row: Row) -> Row:
        """Return what `version` would have told of the rows that this answer was made of."""
        return row[self._width :]

    def fetched(self, cursor: Any) -> Row | None:  # noqa: ANN401 - a driver's own cursor
        """Return what there is of the answer; None if there is nothing."""
        return (cursor.fetchall() or None) if self.every else cursor.fetchone()

    def read(self, row: Row) -> _Made:
        """Return what is made of what the driver gave, as the columns' own types read it."""
        return self._make([self._values(each) for each in row] if self.every else self._values(row))

    def _values(self, row: Row) -> Row:
        values = list(row[: self._width])
        for at, process in self._processed:
            values[at] = process(values[at])
        return values


def _versions(engine: Engine, statement: Select[Any]) -> list[ColumnElement[Any]]:
    """Return columns that differ as soon as a row that a statement reads does, if there are such.

    PostgreSQL writes a new version of a row with each change: in another place, and with the number
    of the transaction that changed it. It keeps both until there is the next.
    Source: https://www.postgresql.org/docs/current/ddl-system-columns.html
    """
    if engine.dialect.name != "postgresql":
        return []
    name = engine.dialect.identifier_preparer.format_table
    tables = [name(table) for each in statement.get_final_froms() for table in find_tables(each)]
    return [
        literal_column(f"{table}.{column}").label(f"{column}_{at}")
        for at, table in enumerate(tables)
        for column in ("xmin", "ctid")
    ]


class PoolHasToAnswer(Exception):  # noqa: N818 - a statement, as all our errors
    """Every reader is answering somebody else, or the one that was asked could not be trusted."""


class Reader(ABC, Generic[_Made]):
    """One open connection with one question."""

    #: Seconds after which it is closed, and another one opened in its place.
    lasts: float = math.inf

    def __init__(self, engine: Engine, question: Question[_Made]) -> None:
        """Take a connection out of the pool for good."""
        self._question = question
        self._dialect = engine.dialect
        taken = engine.raw_connection()
        taken.detach()
        connection: Any = taken.dbapi_connection
        self._connection = connection
        try:
            self._prepare()
            self._cursor = connection.cursor()
        except BaseException:
            # The pool does not know it any more, so nobody else would close it.
            self.close()
            raise

    def _prepare(self) -> None:
        """Leave whatever a host's listener has begun: what it has read would stay as it was."""
        self._connection.rollback()

    def close(self) -> None:
        """Close the connection, whatever state it is in."""
        with suppress(Exception):
            self._dialect.do_close(self._connection)

    @abstractmethod
    def one(self, value: Hashable) -> _Made | None:
        """Return the committed row, or None. Raises: what the driver raises."""


class _Known(NamedTuple, Generic[_Made]):
    """What a row was like when it was read, what was made of it, and how it is asked for."""

    seen: Row
    made: _Made
    parameters: Any


class ServerReader(Reader[_Made]):
    """Asks a server, which is one round trip, and makes nothing again of a row that is the same."""

    lasts = _LASTS

    def __init__(self, engine: Engine, question: Question[_Made]) -> None:
        """Remember nothing yet."""
        super().__init__(engine, question)
        self._made: dict[Hashable, _Known[_Made]] = {}

    def _prepare(self) -> None:
        """Let every question be a transaction of its own: nothing stays locked or old."""
        super()._prepare()
        self._dialect.set_isolation_level(self._connection, "AUTOCOMMIT")

    def one(self, value: Hashable) -> _Made | None:
        """Ask."""
        question, known = self._question, self._made.get(value)
        parameters = known.parameters if known else question.parameters(value)
        self._cursor.execute(question.text, parameters)
        row = question.fetched(self._cursor)
        if row is None:
            self._made.pop(value, None)
            return None
        seen = question.version_in(row) if question.version else row
        if known and known.seen == seen:
            return known.made
        if len(self._made) >= _REMEMBERED:
            self._made.clear()
        made = question.read(row)
        self._made[value] = _Known(seen, made, parameters)
        return made


class VersionReader(ServerReader[_Made]):
    """Asks a server for the versions of the rows, and only if they are new ones for the rows.

    What is remembered goes with the connection, and none outlives a server that was set back to
    what it was before. A number of a transaction comes again after four billion others.
    """

    def one(self, value: Hashable) -> _Made | None:
        """Ask what has to be asked."""
        known = self._made.get(value)
        if known:
            self._cursor.execute(self._question.version, known.parameters)
            if self._cursor.fetchone() == known.seen:
                return known.made
        return super().one(value)


class FileReader(Reader[_Made]):
    """Asks SQLite whether anything changed since the row was read, and only then for the row.

    `data_version` differs if any other connection, of whatever process, has committed meanwhile.
    It is read before the row is: a change in between is seen with the next question. This
    connection itself never writes, so there is no change that it would not show.
    Source: https://www.sqlite.org/pragma.html#pragma_data_version
    """

    def __init__(self, engine: Engine, question: Question[_Made]) -> None:
        """Remember nothing yet."""
        super().__init__(engine, question)
        self._version: object = None
        self._rows: dict[Hashable, _Made] = {}

    def _prepare(self) -> None:
        """Let every question be a transaction of its own, also if the host's engine does not."""
        super()._prepare()
        # With Python 3.12 or newer, a connection can be told to be in a transaction at all times.
        if getattr(self._connection, "autocommit", None) is False:
            self._connection.autocommit = True

    def one(self, value: Hashable) -> _Made | None:
        """Ask what has to be asked.

        Raises:
            PoolHasToAnswer: the connection stays in a transaction, in which nothing ever changes.
        """
        version = self._cursor.execute("PRAGMA data_version").fetchone()
        if version != self._version or len(self._rows) >= _REMEMBERED:
            self._rows.clear()
            self._version = version
        found = self._rows.get(value)
        if found is None:
            found = self._ask(value)
        if self._connection.in_transaction:
            raise PoolHasToAnswer
        return found

    def _ask(self, value: Hashable) -> _Made | None:
        self._cursor.execute(self._question.text, self._question.parameters(value))
        row = self._question.fetched(self._cursor)
        if row is None:
            # Not remembered: whoever sends what nobody has must not crowd out what is there.
            return None
        found = self._rows[value] = self._question.read(row)
        return found


#: The place of a reader that was not opened yet.
_NONE: Final = (None, math.inf)


class Readers(Generic[_Made]):
    """The readers of one engine, last in, first out: a quiet site keeps a single one open."""

    def __init__(
        self,
        engine: Engine,
        question: Question[_Made],
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open nothing yet.

        Args:
            seconds: a clock that is never set.
        """
        dbapi = engine.dialect.loaded_dbapi
        self._is_file = engine.dialect.name == "sqlite"
        kind: type[Reader[_Made]] = VersionReader if question.version else ServerReader
        if self._is_file:
            kind = FileReader
        self._open: Callable[[], Reader[_Made]] = lambda: kind(engine, question)
        self._lasts = kind.lasts
        self._failures = dbapi.Error
        self._cuts = (dbapi.OperationalError, dbapi.InterfaceError)
        self._seconds = seconds
        # Each with the time at which it is too old.
        self._idle: deque[tuple[Reader[_Made] | None, float]] = deque([_NONE] * MOST)
        _ALL.add(self)
        event.listen(engine, "engine_disposed", self._let_go)

    @staticmethod
    def fit(engine: Engine) -> bool:
        """Whether connections of this engine may be kept, and answer as its pool does.

        A pool that keeps none has its reasons. A host that does something with each connection
        before it is used, or has a schema for each customer, would be passed by.
        """
        by_itself = not engine.pool.dispatch.checkout
        one_schema = not engine.get_execution_options().get("schema_translate_map")
        return isinstance(engine.pool, QueuePool) and by_itself and one_schema

    def one(self, value: Hashable) -> _Made | None:
        """Return the committed row, or None.

        Raises:
            PoolHasToAnswer: there is no reader left, or it broke, and another connection may do.
            DatabaseUnavailable: none could be opened, or there was no answer in time.
            Exception: what else the driver raises; no reader that waits is kept then.
        """
        try:
            reader, until = self._idle.pop()
        except IndexError:
            raise PoolHasToAnswer from None
        began = self._seconds()
        opening = reader is None or began >= until
        try:
            if reader is None or opening:
                self._close(reader)
                reader, until = self._open(), began + self._lasts
                opening = False
            row = reader.one(value)
        except BaseException as error:
            # Whatever it was, nobody knows what the connection would answer next.
            self._idle.append(_NONE)
            self._close(reader)
            self._let_go()
            self._judge(error, waited=math.inf if opening else self._seconds() - began)
            raise
        self._idle.append((reader, until))
        return row

    def _judge(self, error: BaseException, *, waited: float) -> None:
        """Say what a failure means for whoever asked, if it means anything else than itself.

        Args:
            waited: seconds for an answer; infinite if not even a connection was to be had.
        Raises:
            DatabaseUnavailable: asking again would be to wait again.
            PoolHasToAnswer: an old connection was cut, or the statement is wrong.
        """
        if isinstance(error, SQLAlchemyError):
            # The pool's own, and not the driver's: it had no connection to give.
            if is_away(error):
                raise DatabaseUnavailable from error
        elif isinstance(error, self._failures):
            if self._is_file:
                # A file that did not answer in time will not do so at once.
                is_silent = not is_wrong_on_sqlite(error)
            else:
                is_silent = waited > _PROMPT and isinstance(error, self._cuts)
            raise (DatabaseUnavailable if is_silent else PoolHasToAnswer) from error

    def _let_go(self, *_: object) -> None:
        """Close what is idle."""
        for _each in range(MOST):
            try:
                reader, _until = self._idle.pop()
            except IndexError:
                return
            self._idle.appendleft(_NONE)
            self._close(reader)

    @staticmethod
    def _close(reader: Reader[Any] | None) -> None:
        if reader is not None:
            reader.close()

    def forget(self) -> None:
        """Leave all readers to the process that this one was forked from, without closing them."""
        _LEFT.extend(reader for reader, _until in self._idle if reader is not None)
        self._idle = deque([_NONE] * MOST)


_ALL: WeakSet[Readers[Any]] = WeakSet()

#: Connections of another process. Closing them here would end them there.
_LEFT: list[Reader[Any]] = []


def _forget_all() -> None:
    for readers in list(_ALL):
        readers.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
