"""What `doctor` asks about the record."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.work import Works

_RECORD: Final = "gatehouse_audit"

#: What the site never does to the record: only `audit prune` and migrations do.
_NOT_NEEDED: Final = ("UPDATE", "DELETE")

#: Statements that ask for a right and do nothing.
_EXPLAINED: Final = {
    "UPDATE": "EXPLAIN UPDATE gatehouse_audit SET name = name WHERE 1 = 0",
    "DELETE": "EXPLAIN DELETE FROM gatehouse_audit WHERE 1 = 0",
}

#: What MySQL and MariaDB answer to a statement that is not allowed: ER_TABLEACCESS_DENIED_ERROR and
#: ER_COLUMNACCESS_DENIED_ERROR.
_DENIED: Final = {1142, 1143}


def rights(works: Works) -> Iterator[Finding]:
    """Whether who is asked as the site could change the record. Source: OWASP ASVS 5.0 16.4.2."""
    if works.engine.dialect.name == "sqlite":
        # Whoever can write the file can write all of it.
        return
    with works.engine.connect() as connection:
        held = [right for right in _NOT_NEEDED if _is_held(connection, right)]
    if not held:
        return
    profile = works.house.settings[CoreSettings].profile
    strict = profile != "standard"
    asks = f" ({profile} asks: 16.4.2)" if strict else ""
    yield Finding(
        "unsafe" if strict else "note",
        f"The database lets whoever is asked here {' and '.join(held)} the record{asks}.",
        "The site only adds to it. Whoever takes over the site can cover their tracks, which only "
        "a copy elsewhere would show.",
        "A user of the site's own that does not own the tables, without these rights on "
        f"{_RECORD}; as another run audit prune, audit adopt and db upgrade (Operations, Rights in "
        "the database)",
    )


def _is_held(connection: Connection, right: str) -> bool:
    if connection.dialect.name == "postgresql":
        asked = text("SELECT has_table_privilege(:record, :right)")
        return bool(connection.scalar(asked, {"record": _RECORD, "right": right}))
    try:
        connection.execute(text(_EXPLAINED[right])).close()
    except DBAPIError as error:
        if error.orig is not None and error.orig.args[:1] and error.orig.args[0] in _DENIED:
            return False
        raise
    return True
