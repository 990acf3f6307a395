"""What these tests share: a hasher that costs next to nothing, and a record of the real work."""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import bcrypt
import pytest
from argon2 import low_level

from flask_gatehouse.features.passwords.hashing import Cost, Hasher

CHEAP = Cost(time=1, memory_kib=8, lanes=1)


@pytest.fixture
def hasher() -> Hasher:
    return Hasher(CHEAP, allow_cheap=True)


class Asked(NamedTuple):
    """A slow function that a library was asked for, and the numbers it was given by name."""

    name: str
    numbers: dict[str, int]


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """All that the libraries were asked to hash, in order."""
    asked: list[Asked] = []
    for library, name in (
        (low_level, "hash_secret_raw"),
        (hashlib, "pbkdf2_hmac"),
        (hashlib, "scrypt"),
        (bcrypt, "checkpw"),
    ):
        monkeypatch.setattr(library, name, _noting(asked, name, getattr(library, name)))
    return asked


def _noting(asked: list[Asked], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def noting(*given: Any, **named: Any) -> Any:
        numbers = {key: value for key, value in named.items() if isinstance(value, int)}
        asked.append(Asked(name, numbers))
        return function(*given, **named)

    return noting
