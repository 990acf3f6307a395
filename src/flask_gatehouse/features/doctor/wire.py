"""Examinations of the way to a database server: whether it is encrypted, and to whom it leads."""

import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import URL, Connection, text

from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.profiles import Profile
from flask_gatehouse.core.site import CoreSettings, is_this_machine
from flask_gatehouse.db.work import Works

#: Whether the server sees this connection encrypted.
_ENCRYPTED: Final = {
    "postgresql": "SELECT CASE WHEN ssl THEN 'yes' ELSE '' END FROM pg_stat_ssl"
    " WHERE pid = pg_backend_pid()",
    "mysql": "SHOW SESSION STATUS LIKE 'Ssl_cipher'",
    "mariadb": "SHOW SESSION STATUS LIKE 'Ssl_cipher'",
}

#: What makes the driver encrypt, and look whom it speaks to.
_MENDS: Final = {
    "postgresql": "GATEHOUSE_DATABASE_URL=postgresql://…?sslmode=verify-full&sslrootcert=/path.pem",
    "mysql": "GATEHOUSE_DATABASE_URL=mysql://…?ssl_ca=/path.pem",
    "mariadb": "GATEHOUSE_DATABASE_URL=mariadb://…?ssl_ca=/path.pem",
}


@dataclass(frozen=True)
class Way:
    """How the database server is reached."""

    #: As the URL or the driver's environment names it; None or a path for a socket of this machine.
    host: str | None
    encrypted: bool
    #: Whether the driver refuses a server that cannot prove that name.
    verified: bool


def to_database(works: Works) -> Iterator[Finding]:
    """Whether the way to a database elsewhere is encrypted, and leads to it."""
    if works.engine.dialect.name not in _ENCRYPTED:
        return
    with works.engine.connect() as connection:
        way = _way(connection)
    profile = works.house.settings[CoreSettings].profile
    yield from judged(way, profile, mend=_MENDS[works.engine.dialect.name])


def judged(way: Way, profile: Profile, *, mend: str) -> Iterator[Finding]:
    """Yield what is wrong with a way. Source: OWASP ASVS 5.0 12.3.1, 12.3.2."""
    if _is_here(way.host) or (way.encrypted and way.verified):
        return
    if way.encrypted:
        what = "The way to the database is encrypted, and leads to whoever answers"
        why = "Whoever is on the way can pose as the database, and reads and changes everything."
        clause = "12.3.2"
    else:
        what = "The way to the database is not encrypted"
        why = "Whoever is on the way reads names, addresses and hashes, and changes answers."
        clause = "12.3.1"
    strict = profile != "standard"
    yield Finding(
        "unsafe" if strict else "note",
        f"{what} ({profile} asks: {clause})." if strict else f"{what}.",
        why,
        mend,
    )


def _way(connection: Connection) -> Way:
    url, name = connection.engine.url, connection.dialect.name
    encrypted = bool(connection.execute(text(_ENCRYPTED[name])).one()[-1])
    if name == "postgresql":
        host = url.host or _asked(url, "host", "PGHOST")
        verified = _asked(url, "sslmode", "PGSSLMODE") == "verify-full"
        # The driver then takes no weaker mode.
        trusts_system = _asked(url, "sslrootcert", "PGSSLROOTCERT") == "system"
        return Way(host, encrypted, verified or trusts_system)
    host = None if "unix_socket" in url.query else url.host
    return Way(host, encrypted, _looks_at_name(connection, url))


def _asked(url: URL, option: str, variable: str) -> str | None:
    """Return an option of PostgreSQL's driver, as the URL or else the environment says."""
    found = url.query.get(option) or os.environ.get(variable)
    return found if isinstance(found, str) or found is None else found[-1]


def _looks_at_name(connection: Connection, url: URL) -> bool:
    """Whether a driver of MariaDB and MySQL refuses a server that cannot prove its name."""
    driver: Any = connection.connection.driver_connection
    context = getattr(driver, "ctx", None)
    if isinstance(context, ssl.SSLContext):
        return context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
    return "ssl_ca" in url.query


def _is_here(host: str | None) -> bool:
    return host is None or host.startswith("/") or is_this_machine(host)


def snapshots(works: Works) -> Iterator[Finding]:
    """Whether a MariaDB refuses what was changed since a transaction began, as no host expects."""
    if works.engine.dialect.name not in {"mysql", "mariadb"}:
        return
    with works.engine.connect() as connection:
        # MySQL, and MariaDB before 10.6.18, have no such variable.
        row = connection.execute(text("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'")).first()
        level = connection.get_isolation_level()
    if row is None or row[1] != "ON" or level != "REPEATABLE READ":
        return
    yield Finding(
        "unsafe",
        "Transactions are REPEATABLE READ, and innodb_snapshot_isolation is ON.",
        "MariaDB then refuses to write what somebody else wrote meanwhile (error 1020): sign-ins "
        "at the same moment fail, because each adds to the record.",
        'SQLALCHEMY_ENGINE_OPTIONS={"isolation_level": "READ COMMITTED"}, or '
        "innodb_snapshot_isolation=OFF in the server",
    )
