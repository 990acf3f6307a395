"""What the tests need besides Python: PostgreSQL, MariaDB, Redis and a Chromium.

`python -m tests.services` says which of them are here, before the tests start. Without Chromium
nothing starts, and in CI nothing starts unless all of them answer. Elsewhere a service that does
not answer costs the tests that need it, and that is said loudly before and after.
"""

import functools
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pymysql
import pytest
import redis
from sqlalchemy import make_url

#: Seconds within which a service on this machine has to answer.
PATIENCE = 3

CHROMIUM = "GATEHOUSE_TEST_CHROMIUM"
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def in_ci() -> bool:
    """Tell whether leaving something out is a failure."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false", "no"}


def _ask_postgres(address: str) -> None:
    url = make_url(address).set(drivername="postgresql")
    conninfo = url.render_as_string(hide_password=False)
    with psycopg.connect(conninfo, connect_timeout=PATIENCE) as connection:
        connection.execute("SELECT 1")


def _ask_mariadb(address: str) -> None:
    url = make_url(address)
    pymysql.connect(
        host=url.host or "127.0.0.1",
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
        database=url.database,
        connect_timeout=PATIENCE,
    ).close()


def _ask_redis(address: str) -> None:
    with redis.Redis.from_url(
        address, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
    ) as client:
        client.ping()


@dataclass(frozen=True)
class Service:
    """One service: what it is called, where its address is said, and how it is asked."""

    name: str
    variable: str
    default: str
    ask: Callable[[str], None]

    @property
    def url(self) -> str:
        """The address in force."""
        return os.environ.get(self.variable) or self.default

    @functools.cached_property
    def silence(self) -> str | None:
        """Why it cannot be used, in one line, or None when it answers."""
        try:
            self.ask(self.url)
        except (OSError, psycopg.Error, pymysql.Error, redis.RedisError) as error:
            reason = " ".join(str(error).split())
            return (
                f"{self.name} does not answer at {self.url} ({self.variable} names another): "
                f"{reason}"
            )
        return None

    def need(self) -> str:
        """Return the address, or leave the calling test out."""
        if self.silence:
            pytest.skip(self.silence)
        return self.url


POSTGRES = Service(
    "PostgreSQL", "GATEHOUSE_TEST_POSTGRES_URL", "postgresql://root@127.0.0.1/test", _ask_postgres
)
MARIADB = Service(
    "MariaDB", "GATEHOUSE_TEST_MARIADB_URL", "mysql://root@127.0.0.1/test", _ask_mariadb
)
REDIS = Service("Redis", "GATEHOUSE_TEST_REDIS_URL", "redis://127.0.0.1:6379/15", _ask_redis)
SERVICES = (POSTGRES, MARIADB, REDIS)


def find_chromium() -> str | None:
    """Return the path of the browser that the tests drive."""
    names = (os.environ.get(CHROMIUM, ""), *_CHROMIUM_NAMES)
    return next((path for name in names if name and (path := shutil.which(name))), None)


def chromium() -> str:
    """Return the path of the browser, or fail: browser tests are never left out."""
    path = find_chromium()
    if path is None:
        pytest.fail(_NO_CHROMIUM)
    return path


_NO_CHROMIUM = (
    "The tests drive the site in Chromium, and none was found: sudo apt-get install -y chromium "
    f"(or set {CHROMIUM} to the path of a Chromium or Chrome)."
)


def main() -> int:
    """Say what is here, and return the exit status."""
    lines = [f"LEFT OUT: {service.silence}" for service in SERVICES if service.silence]
    missing_browser = find_chromium() is None
    if missing_browser:
        lines.append(_NO_CHROMIUM)
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201 - this is a program's way to speak
    return int(missing_browser or (in_ci() and bool(lines)))


if __name__ == "__main__":
    sys.exit(main())
