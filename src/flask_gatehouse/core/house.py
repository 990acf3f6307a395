"""The house of one application: what its features share, put together once and then frozen."""

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import RLock
from typing import TypeVar

from flask_gatehouse.core.clock import Clock
from flask_gatehouse.core.keys import KeyRing
from flask_gatehouse.core.settings import Settings

_Kind = TypeVar("_Kind")


class House:
    """Settings, keys, the clock, and the parts that features gave, found by their type."""

    def __init__(
        self,
        settings: Settings,
        keys: KeyRing,
        clock: Clock,
        *,
        home: Path,
        testing: bool = False,
    ) -> None:
        """Start without parts; the extension adds them before the first request.

        Args:
            home: folder for what is kept in files.
            testing: only then may hashes be cheap and forms be sent without a token.
        """
        self.home = home
        self.testing = testing
        self.settings = settings
        self.keys = keys
        self.clock = clock
        self._made: tuple[object, ...] | None = None
        self._added: list[object] = []
        self._found: dict[type, tuple[object, ...]] = {}
        self._lock = RLock()
        self._maker: Callable[[House], Iterable[object]] = _nothing

    def furnish_with(self, maker: Callable[["House"], Iterable[object]]) -> None:
        """Say how the parts of the features are made: once, when the first part is asked for."""
        self._maker = maker

    def furnish(self, parts: Iterable[object]) -> None:
        """Add parts to those of the features, before the first request."""
        self._added.extend(parts)
        self._found.clear()

    def plugs(self, socket: type[_Kind]) -> tuple[_Kind, ...]:
        """Return every part of this type, in the order of the features."""
        found = self._found.get(socket)
        if found is None:
            with self._lock:
                if self._made is None:
                    self._made = tuple(self._maker(self))
            parts = (*self._made, *self._added)
            found = tuple(part for part in parts if isinstance(part, socket))
            self._found[socket] = found
        return found  # type: ignore[return-value] # the comprehension says so

    def part(self, kind: type[_Kind]) -> _Kind:
        """Return the one part of this type. Raises: LookupError: there is none, or several."""
        found = self.plugs(kind)
        if len(found) != 1:
            msg = f"the house has {len(found)} parts of type {kind.__name__}, and needs one"
            raise LookupError(msg)
        return found[0]


def _nothing(house: House) -> tuple[object, ...]:
    del house
    return ()
