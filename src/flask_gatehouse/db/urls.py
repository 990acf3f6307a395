"""What `GATEHOUSE_DATABASE_URL` may say, looked at before anything that speaks to one is loaded."""

import re
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

from flask_gatehouse.core.errors import Misconfigured

#: Backend to the driver that this project ships for, and the extra that brings it.
DRIVERS: Final = {
    "postgres": ("postgresql+psycopg", "postgres"),
    "postgresql": ("postgresql+psycopg", "postgres"),
    "mysql": ("mysql+pymysql", "mysql"),
    "mariadb": ("mariadb+pymysql", "mysql"),
    "sqlite": ("sqlite", ""),
}

_SCHEME: Final = re.compile(r"([a-z0-9]+)(\+[a-z0-9_]+)?://")


def refuse_unusable(text: str, *, setting: str) -> None:
    """Stop the start over a database that cannot be spoken to.

    Raises:
        Misconfigured: no URL, a database that is not supported, or a driver that is not installed.
    """
    scheme = _SCHEME.match(text)
    if scheme is None or not _has_good_port(text):
        msg = f"{setting} is not a database URL such as postgresql://user:password@host/name."
        raise Misconfigured(msg)
    backend = scheme[1]
    if backend not in DRIVERS:
        msg = f"{setting} names {backend}; SQLite, PostgreSQL and MariaDB/MySQL work."
        raise Misconfigured(msg)
    ours, extra = DRIVERS[backend]
    driver = scheme[2].removeprefix("+") if scheme[2] else ours.partition("+")[2]
    if driver and extra and find_spec(driver) is None:
        msg = f"{backend} needs an extra: pip install 'flask-gatehouse[{extra}]'."
        raise Misconfigured(msg)


def _has_good_port(text: str) -> bool:
    try:
        _ = urlsplit(text).port
    except ValueError:
        return False
    return True
