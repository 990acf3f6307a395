"""Where accounts are kept."""

from dataclasses import dataclass

from flask_gatehouse.core.settings import Secret, setting


@dataclass(frozen=True)
class DatabaseSettings:
    """The database, where the host does not bring one."""

    url: Secret | None = setting(
        None,
        "Any SQLAlchemy URL of SQLite, PostgreSQL, MariaDB or MySQL; none is a SQLite file in the "
        "home folder.",
    )
