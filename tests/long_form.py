"""Tests that can go on for hours: a short form that always runs, and a long one on demand.

`GATEHOUSE_TEST_LONG=1` asks for the long form, `GATEHOUSE_TEST_SEED` for other choices than usual.
"""

import hashlib
import os
from collections.abc import Sequence
from typing import TypeVar

LONG = os.environ.get("GATEHOUSE_TEST_LONG", "") not in {"", "0"}
SEED = os.environ.get("GATEHOUSE_TEST_SEED") or "1"

_Each = TypeVar("_Each")


def times(short: int, long: int) -> int:
    """Return how often, in the form that was asked for."""
    return long if LONG else short


class Dice:
    """Chooses: the same for the same name and seed, on every machine and release of Python."""

    def __init__(self, name: str) -> None:
        self._root = f"{SEED}/{name}/".encode()
        self._thrown = 0
        self._left = b""

    def bytes(self, count: int) -> bytes:
        while len(self._left) < count:
            self._left += hashlib.blake2b(self._root + b"%d" % self._thrown).digest()
            self._thrown += 1
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def below(self, end: int) -> int:
        return int.from_bytes(self.bytes(4)) % end

    def one_in(self, count: int) -> bool:
        return self.below(count) == 0

    def of(self, choices: Sequence[_Each]) -> _Each:
        return choices[self.below(len(choices))]
