"""How long a server may take for one answer.

A server that has stopped says so, and the driver raises. A network that swallows everything says
nothing, and neither driver gives up by itself: all threads would wait for ever, and with them pages
that need no database. So each answer has a deadline, after which the connection is thrown away.
"""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import Connection, Engine, event

if TYPE_CHECKING:
    from psycopg import Connection as Psycopg

#: Seconds that one statement may take before the answer is 503. More than any of ours needs, and
#: more than the driver or SQLite waits for a lock that another one holds for a moment.
PATIENCE: Final = 10

_Found = TypeVar("_Found")


def limit(engine: Engine, seconds: int) -> None:
    """Give every statement on connections to a server so many seconds."""
    if engine.dialect.driver == "psycopg":
        hurried = _psycopg(seconds)

        @event.listens_for(engine, "do_connect")
        def connect(_dialect: object, _record: object, args: Any, options: Any) -> object:  # noqa: ANN401 - of any driver
            return hurried.connect(*args, **options)

    elif engine.dialect.driver == "pymysql":

        @event.listens_for(engine, "do_connect")
        def bound(_dialect: object, _record: object, _args: object, options: Any) -> None:  # noqa: ANN401 - of any driver
            options.setdefault("read_timeout", seconds)
            options.setdefault("write_timeout", seconds)


@contextmanager
def lifted(connection: Connection) -> Iterator[None]:
    """Let the statements in the block take as long as they need, also on an engine of the host."""
    raw = connection.connection.driver_connection
    before = {name: getattr(raw, name) for name in _DEADLINES if hasattr(raw, name)}
    try:
        for name in before:
            setattr(raw, name, None)
        yield
    finally:
        for name, seconds in before.items():
            setattr(raw, name, seconds)


#: Where our connection to PostgreSQL, and PyMySQL's, keep theirs.
_DEADLINES: Final = ("patience", "_read_timeout", "_write_timeout")


def _psycopg(seconds: int) -> "type[Psycopg[Any]]":
    """Return psycopg's connection, with a deadline. The driver is an extra, loaded when spoken."""
    from psycopg import Connection as Plain  # noqa: PLC0415 - see above
    from psycopg import OperationalError  # noqa: PLC0415 - see above

    class Hurried(Plain[Any]):
        """Closes itself when an answer takes too long: what came later would answer nobody."""

        patience: int | None = seconds

        def wait(self, gen: Generator[Any, Any, _Found], *args: Any, **options: Any) -> _Found:  # noqa: ANN401 - as psycopg declares them
            """Wait as psycopg does, for as long as we have patience."""
            return super().wait(self._until_late(gen), *args, **options)

        def _until_late(self, gen: Generator[Any, Any, _Found]) -> Generator[Any, Any, _Found]:
            # psycopg wakes the generator ten times a second with nothing when nothing came.
            late = None if self.patience is None else time.monotonic() + self.patience
            try:
                wanted = next(gen)
                while True:
                    ready = yield wanted
                    if not ready and late is not None and time.monotonic() > late:
                        self.pgconn.finish()
                        raise OperationalError("the server did not answer in time")
                    wanted = gen.send(ready)
            except StopIteration as done:
                found: _Found = done.value
                return found

    return Hurried
