"""What is compared, and the small protocol that every contender keeps.

A contender's module may import only its own framework: what it imports is part
of what "start" and "memory" measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from wsgiref.types import WSGIApplication

NAMES = ("bare", "tutorial", "flask_security", "django_auth", "gatehouse")

USER = "alice"
PASSWORD = "violet-umbrella-quarry-71"
SECRET_KEY = "9f3c0d6a5b7e48219f3c0d6a5b7e4821a1b2c3d4e5f60718"

PUBLIC_PAGE = "<!doctype html><title>Public</title><p>Anyone may read this.</p>"
PRIVATE_PAGE = "<!doctype html><title>Private</title><p>Signed in as {{ name }}.</p>"


@dataclass(frozen=True)
class Clone:
    """How to fill one table: copy one row, with some columns made anew.

    Columns that are not named keep the value of the copied row, so that every
    user has the first user's password.
    """

    table: str
    columns: dict[str, Callable[[int], object]]
    like: str = "TRUE"
    """Which row to copy, as a condition."""


@dataclass(frozen=True)
class Growth:
    """What a contender needs to take part in the growth measure."""

    clones: Callable[[sqlite3.Connection], Sequence[Clone]]
    """Which tables to fill; it sees the database after one sign-in."""

    lookup: Callable[[Any], Callable[[str], bool]]
    """Finds a user by the name typed at sign-in, by the contender's own code."""

    sign_in: Callable[[Any], Callable[[str], bool]] | None = None
    """Does all that signing in does with the database once the password is proven."""


@dataclass(frozen=True)
class Login:
    """How a person signs in, and what of it is only the hash."""

    path: str
    fields: Callable[[str], dict[str, str]]
    """Fills in the form for a user name; hidden fields are added by the caller."""

    hash_alone: Callable[[Any], Callable[[], bool]]
    """Verifies the stored password by the contender's own hasher, and nothing else.

    It is handed the application that `create_app` made, of whatever class that is.
    """


@dataclass(frozen=True)
class Contender:
    """One application with the pages /public and /private."""

    label: str
    database: str
    """File name of its SQLite database inside its folder."""

    prepare: Callable[[Path], None]
    """Makes the tables and the user `alice`, once."""

    create_app: Callable[[Path], WSGIApplication]
    """What a worker does when it starts, with the database already there."""

    login: Login | None = None
    growth: Growth | None = None


def load(name: str) -> Contender:
    """Import a contender, and with it its framework."""
    contender: Contender = import_module(f"{__name__}.{name}").CONTENDER
    return contender


def nth_name(number: int) -> str:
    """Return the name of the n-th user that a filling makes."""
    return f"user{number:07}"
