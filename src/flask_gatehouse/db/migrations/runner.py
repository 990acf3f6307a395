"""Apply and check the shipped migrations. Alembic is imported here, and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from flask_gatehouse.core.errors import Unavailable
from flask_gatehouse.db import patience
from flask_gatehouse.db.base import Base
from flask_gatehouse.db.engine import BUSY_TIMEOUT, READS
from flask_gatehouse.db.errors import DatabaseUnavailable, is_away
from flask_gatehouse.db.migrations.scope import VERSION_TABLE, is_ours

if TYPE_CHECKING:
    from alembic.config import Config

#: Seconds for which a second start waits until the first has migrated.
_PATIENCE: Final = 60

#: Name of the lock on servers, and the same as a number.
_LOCK: Final = "gatehouse_migrations"
_LOCK_NUMBER: Final = 0x67617465


class MigrationsBusy(Unavailable):
    """Another process has been migrating for too long."""

    code = "db.migrations_busy"


@dataclass(frozen=True)
class State:
    """Where a database stands."""

    current: str | None
    newest: str
    #: What the tables lack or have too much, against the models; empty if nothing.
    differences: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the newest migration is applied and the tables are as the models say."""
        return self.current == self.newest and not self.differences


def upgrade(engine: Engine, revision: str = "head") -> tuple[str | None, str | None]:
    """Apply migrations up to `revision`, one process at a time; return revision before and after.

    Nothing is locked, and Alembic is not even loaded, if the newest one is applied already, as it
    is at nearly every start.

    Raises:
        MigrationsBusy: another process did not finish in time.
        DatabaseUnavailable: the database did not answer.
    """
    if revision == "head" and applied(engine) == newest():
        return newest(), newest()
    from alembic import command  # noqa: PLC0415 - heavy, and needed at most once a start

    try:
        with _locked(engine) as connection:
            before = _current(connection)
            command.upgrade(_config(connection), revision)
            return before, _current(connection)
    except SQLAlchemyError as error:
        if is_away(error):
            raise DatabaseUnavailable from error
        raise


def newest() -> str:
    """Return the newest revision that is shipped: files are named by theirs, in their order."""
    shipped = (Path(__file__).parent / "versions").glob("[0-9]*_*.py")
    return max(path.name.partition("_")[0] for path in shipped)


def downgrade(engine: Engine, revision: str) -> None:
    """Take migrations back to `revision`; `base` takes back all of them, with what they held."""
    from alembic import command  # noqa: PLC0415 - heavy, and needed at most once a start

    with _locked(engine) as connection:
        command.downgrade(_config(connection), revision)


def check(engine: Engine) -> State:
    """Compare the database with the models; change nothing."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - heavy, rarely needed
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    with engine.execution_options(**{READS: True}).connect() as connection:
        newest = ScriptDirectory.from_config(_config(connection)).get_current_head() or ""
        options = {
            "version_table": VERSION_TABLE,
            "include_name": lambda name, kind, _parents: kind != "table" or is_ours(name),
            "include_object": _is_to_be_compared,
            "compare_type": False,
        }
        context = MigrationContext.configure(connection, opts=options)
        current = context.get_current_revision()
        differences = compare_metadata(context, Base.metadata)
    return State(current, newest, tuple(_told(each) for each in differences))


def _is_to_be_compared(
    thing: object,
    name: str | None,
    kind: str,
    reflected: bool,  # noqa: FBT001 - as Alembic calls it
    compared: object,
) -> bool:
    """Leave out indexes that an owner added. One that is unique would refuse what we write."""
    del name
    added = kind == "index" and reflected and compared is None
    return not added or bool(getattr(thing, "unique", False))


def _told(difference: object) -> str:
    """Say a difference in one line; Alembic nests those of one table in a list."""
    if isinstance(difference, list):
        return "; ".join(_told(each) for each in difference)
    if isinstance(difference, tuple):
        return " ".join(str(part) for part in difference if part is not None)
    return str(difference)


def applied(engine: Engine) -> str | None:
    """Return the revision that the tables are at, without Alembic; None if they are not there.

    A database that does not answer has none either: whoever asks next says so.
    """
    try:
        with engine.execution_options(**{READS: True}).connect() as connection:
            found = connection.scalars(text(f"SELECT version_num FROM {VERSION_TABLE}")).all()  # noqa: S608 - our own name
    except SQLAlchemyError:
        return None
    return str(found[0]) if len(found) == 1 else None


def _current(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - heavy, rarely needed

    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - heavy, rarely needed

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    """Hold a connection on which nobody else migrates; commit when the block ends."""
    with engine.connect() as connection:
        # On SQLite the write lock of the file is the lock that other starts wait for.
        _be_patient(connection, _PATIENCE * 1000)
        try:
            # On a server a step may take as long as the table is large.
            with patience.lifted(connection), connection.begin():
                _lock(connection)
                yield connection
        finally:
            # After the commit: whoever waits must find what was done.
            _unlock(connection)
            _be_patient(connection, BUSY_TIMEOUT)


def _be_patient(connection: Connection, milliseconds: int) -> None:
    """Set how long SQLite waits for another writer, past SQLAlchemy, which would begin."""
    raw = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite" and raw is not None:
        raw.cursor().execute(f"PRAGMA busy_timeout = {milliseconds}")


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
    elif connection.dialect.name in {"mysql", "mariadb"}:
        got = connection.scalar(
            text("SELECT GET_LOCK(:name, :wait)"), {"name": _LOCK, "wait": _PATIENCE}
        )
        if got != 1:
            raise MigrationsBusy(retry_after=_PATIENCE)


def _unlock(connection: Connection) -> None:
    if connection.dialect.name in {"mysql", "mariadb"}:
        connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": _LOCK})
        connection.commit()
