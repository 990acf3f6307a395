"""When the database is not there."""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flask_gatehouse.core.errors import Unavailable

#: What SQLite calls operational, and the others a programming error.
_WRONG_ON_SQLITE = ("no such table", "no such column")


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
    return isinstance(error, DBAPIError) and error.connection_invalidated
