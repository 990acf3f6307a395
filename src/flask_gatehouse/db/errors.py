"""When the database is not there."""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flask_gatehouse.core.errors import Unavailable

#: What SQLite calls operational, and the others a programming error.
_WRONG_ON_SQLITE = ("no such table", "no such column")


class DatabaseUnavailable(Unavailable):
    """The database did not answer."""

    code = "db.unavailable"


def is_away(error: BaseException) -> bool:
    """Whether trying again later makes sense; a statement that is wrong stays wrong."""
    if isinstance(error, OperationalError) and str(error.orig).startswith(_WRONG_ON_SQLITE):
        return False
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated
