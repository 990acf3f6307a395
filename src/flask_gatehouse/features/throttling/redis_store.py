"""Counters in Redis, for machines that share no database connection to spare."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.throttling.rules import Hit
from flask_gatehouse.features.throttling.store import DatabaseStore, Store

if TYPE_CHECKING:
    from redis import Redis

_log = logging.getLogger("gatehouse")

_PREFIX: Final = b"gatehouse:throttle:"

#: Seconds that Redis may take before the database counts instead.
_TIMEOUT: Final = 0.5

#: Count, and let the window begin only with the first. Atomic, because Redis runs a script whole.
_COUNT: Final = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""


class RedisStore(Store):
    """Counts in Redis; while Redis is away the database counts, so limits never vanish."""

    def __init__(self, url: str) -> None:
        """Connect when first asked. Raises: Misconfigured: the extra is not installed."""
        self._redis: Redis = _client(url)
        self._count = self._redis.register_script(_COUNT)
        self._otherwise = DatabaseStore()

    def hit(self, work: Work, keys: Sequence[tuple[bytes, timedelta]]) -> list[Hit]:
        """Count by one script a key."""
        try:
            return [self._one(key, window) for key, window in keys]
        except _errors() as error:
            _log.warning("Redis does not count (%s); the database does", type(error).__name__)
            return self._otherwise.hit(work, keys)

    def clear(self, work: Work, key: bytes) -> None:
        """Forget a counter here and in the database."""
        self._otherwise.clear(work, key)
        try:
            self._redis.delete(_PREFIX + key)
        except _errors() as error:
            _log.warning("Redis does not forget (%s)", type(error).__name__)

    def _one(self, key: bytes, window: timedelta) -> Hit:
        milliseconds = int(window.total_seconds() * 1000)
        answer: Any = self._count(keys=[_PREFIX + key], args=[milliseconds])
        return Hit(int(answer[0]), max(1, -(-int(answer[1]) // 1000)))


def _client(url: str) -> "Redis":
    try:
        from redis import Redis  # noqa: PLC0415 - an optional extra, imported where it is used
    except ModuleNotFoundError as error:
        msg = "GATEHOUSE_REDIS_URL needs an extra: pip install 'flask-gatehouse[redis]'."
        raise Misconfigured(msg) from error
    try:
        return Redis.from_url(
            url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=None
        )
    except ValueError as error:
        msg = "GATEHOUSE_REDIS_URL must look like redis://host:6379/0."
        raise Misconfigured(msg) from error


def _errors() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError  # noqa: PLC0415 - an optional extra

    return (RedisError, OSError)
