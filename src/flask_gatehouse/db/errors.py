"""When the database is not there."""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flask_gatehouse.core.errors import Unavailable

#: What SQLite calls operational, and the others a programming error.
_WRONG_ON_SQLITE = ("no such table", "no such column")


#: The same of servers' drivers, which may not be installed.
_AWAY = frozenset({"OperationalError", "InterfaceError"})
_DRIVERS = frozenset({"psycopg", "pymysql"})


class DatabaseUnavailable(Unavailable):
    """The database did not answer."""

    code = "db.unavailable"


def is_wrong_on_sqlite(error: object) -> bool:
    """Whether SQLite says in its way that a statement does not fit the tables."""
    return str(error).startswith(_WRONG_ON_SQLITE) or str(error).endswith("already exists")


def lacks_tables(error: BaseException) -> bool:
    """Whether the tables are not there, or are of another release."""
    if isinstance(error, OperationalError):
        return is_wrong_on_sqlite(error.orig)
    return isinstance(error, ProgrammingError) or is_wrong_on_sqlite(error)


def is_away(error: BaseException) -> bool:
    """Whether trying again later makes sense; a statement that is wrong stays wrong."""
    if isinstance(error, OperationalError) and is_wrong_on_sqlite(error.orig):
        return False
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    # SQLAlchemy lets through what a driver raises while a connection is put back.
    kind = type(error)
    return kind.__name__ in _AWAY and kind.__module__.partition(".")[0] in _DRIVERS
