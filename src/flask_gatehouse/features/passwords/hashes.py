"""Hashing for one application: our own hashes and foreign ones, within the bounded pool."""

import os
from contextlib import AbstractContextManager

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.house import House
from flask_gatehouse.core.tracing import span
from flask_gatehouse.features.passwords.hashing import Cost, Hasher
from flask_gatehouse.features.passwords.pool import HashPool, cores
from flask_gatehouse.features.passwords.settings import PasswordSettings


class Hashes:
    """Makes and checks hashes; every call takes one slot of the pool."""

    def __init__(self, house: House) -> None:
        """Take cost and bounds from the settings. Raises: Misconfigured: the cost is too low."""
        settings = house.settings[PasswordSettings]
        cost = Cost(
            time=settings.hash_time,
            memory_kib=settings.hash_memory // 1024,
            lanes=settings.hash_lanes,
        )
        try:
            self._hasher = Hasher(cost, allow_cheap=house.testing)
        except Misconfigured as error:
            msg = f"GATEHOUSE_PASSWORDS_HASH_TIME, _MEMORY and _LANES do not go together: {error}"
            raise Misconfigured(msg) from error
        self.pool = HashPool(
            settings.hash_slots or share_of_cores(),
            settings.hash_patience.total_seconds(),
            places=settings.hash_places,
        )

    @property
    def cost(self) -> Cost:
        """What a new hash costs."""
        return self._hasher.cost

    def make(self, password: str, *, live: bool = False, placed: bool = False) -> str:
        """Return what to store.

        Args:
            live: for somebody who is signed in.
            placed: in a block of `place`.

        Raises:
            HashingOverloaded: no slot in time.
        """
        with span("gatehouse.hash"):
            return self.pool.run(lambda: self._hasher.hash(password), live=live, placed=placed)

    def check(
        self, encoded: str | None, password: str, *, live: bool = False, placed: bool = False
    ) -> bool:
        """Return whether `password` belongs to a stored hash; with none, do the same work.

        Args:
            live: asked by somebody who is signed in.
            placed: in a block of `place`.

        Raises:
            HashingOverloaded: for known and unknown names alike.
        """
        work = lambda: self._check(encoded, password)  # noqa: E731 - named for the line below
        with span("gatehouse.hash"):
            return self.pool.run(work, live=live, placed=placed)

    def place(self, *, live: bool = False) -> AbstractContextManager[None]:
        """Have a place in the block, so that `check` and `make` in it find no pool that is full.

        Raises:
            HashingOverloaded: at once: for known and unknown names alike.
        """
        return self.pool.place(live=live)

    def outdated(self, encoded: str) -> bool:
        """Return whether a stored hash should be replaced at the next chance."""
        return self._hasher.outdated(encoded)

    def _check(self, encoded: str | None, password: str) -> bool:
        if encoded is not None and self._hasher.recognised(encoded):
            return self._hasher.verify(encoded, password)
        if encoded is not None and _is_right_elsewhere(encoded, password):
            # The hash that replaces it costs what the decoy would have.
            return True
        self._hasher.decoy(password)
        return False


def share_of_cores() -> int:
    """Return how many cores one process hashes on, if nobody says it.

    Servers that are told by WEB_CONCURRENCY how many processes to run share the cores among them.
    """
    told = os.environ.get("WEB_CONCURRENCY", "")
    return max(1, cores() // max(1, int(told) if told.isdecimal() else 1))


def _is_right_elsewhere(encoded: str, password: str) -> bool:
    """Check a hash that another system made; most sites never meet one."""
    from flask_gatehouse.features.passwords import foreign  # noqa: PLC0415 - see above

    return foreign.verify(encoded, password)
