"""Counters in Redis, for machines that share no database connection to spare."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from flask_gatehouse.core.errors import Misconfigured, Unavailable
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.throttling.rules import (
    FIRST_WAIT,
    LONGEST_WAIT,
    MEMORY,
    Hit,
    Tally,
)
from flask_gatehouse.features.throttling.store import PURPOSE, Block, DatabaseStore, Store

if TYPE_CHECKING:
    from redis import Redis

_log = logging.getLogger("gatehouse")

_PREFIX: Final = b"gatehouse:throttle:"

#: Beside each counter, what it is about and how often its limit was crossed in a row. The id of
#: the site's own key follows, so that sites which share a Redis see their own blocks only.
_ABOUT: Final = "gatehouse:throttle-about:"

#: Seconds that Redis may take before the database counts instead.
_TIMEOUT: Final = 0.5

#: Connections of one process, and seconds that an attempt waits for one.
_CONNECTIONS: Final = 16
_PATIENCE: Final = 5

#: Blocks that are told of at once.
_TOLD: Final = 1000

#: Count, and let the window begin only with the first; push its end only when the limit is
#: crossed. Atomic, because Redis runs a script whole.
_COUNT: Final = """
local window, times = tonumber(ARGV[1]), tonumber(ARGV[2])
local count = redis.call('INCR', KEYS[1])
if count == 1 then
  redis.call('PEXPIRE', KEYS[1], window)
  redis.call('HSET', KEYS[2],
    'limit', ARGV[6], 'who', ARGV[7], 'place', ARGV[8], 'times', times)
  redis.call('PEXPIRE', KEYS[2], math.max(window, redis.call('PTTL', KEYS[2])))
end
local left = redis.call('PTTL', KEYS[1])
if count == times + 1 then
  local strikes = redis.call('HINCRBY', KEYS[2], 'strikes', 1)
  local wait = math.min(tonumber(ARGV[4]) * 2 ^ math.min(strikes - 1, 20), tonumber(ARGV[5]))
  if wait > left then
    left = wait
    redis.call('PEXPIRE', KEYS[1], left)
  end
  redis.call('PEXPIRE', KEYS[2], left + tonumber(ARGV[3]))
end
return {count, left}
"""

_TAKE_BACK: Final = """
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
if count >= 1 and count <= tonumber(ARGV[1]) then redis.call('DECR', KEYS[1]) end
return count
"""


class RedisStore(Store):
    """Counts in Redis; while Redis is away the database counts, so limits never vanish."""

    def __init__(self, url: str) -> None:
        """Connect when first asked. Raises: Misconfigured: the extra is not installed."""
        self._redis: Redis = _client(url)
        self._count = self._redis.register_script(_COUNT)
        self._less = self._redis.register_script(_TAKE_BACK)
        self._otherwise = DatabaseStore()

    def hit(
        self,
        work: Work,
        tallies: Sequence[Tally],
        *,
        then: Callable[[Work], None] | None = None,
    ) -> list[Hit]:
        """Count by one script a key."""
        found: list[Hit] = []
        try:
            for tally in tallies:
                found.append(self._one(work, tally))
                if found[-1].count > tally.rate.times:
                    return found
        except _errors() as error:
            _log.warning("Redis does not count (%s); the database does", type(error).__name__)
            return self._otherwise.hit(work, tallies, then=then)
        if then is not None:
            with work.apart() as own:
                then(own)
        return found

    def clear(self, work: Work, key: bytes) -> None:
        """Forget a counter here and in the database."""
        self._otherwise.clear(work, key)
        try:
            self._redis.delete(_PREFIX + key, _about(work) + key)
        except _errors() as error:
            _log.warning("Redis does not forget (%s)", type(error).__name__)

    def take_back(self, work: Work, key: bytes, times: int) -> None:
        """Count one less where it was counted."""
        try:
            if self._less(keys=[_PREFIX + key], args=[times]):
                return
        except _errors() as error:
            _log.warning("Redis does not count (%s); the database does", type(error).__name__)
        self._otherwise.take_back(work, key, times)

    def blocks(self, work: Work) -> list[Block]:
        """Look through the counters; while Redis is away, through those of the database."""
        found: list[Block] = []
        try:
            for key, about in self._counters(work):
                block = self._block(key, about)
                found += [block] if block is not None else []
                if len(found) == _TOLD:
                    break
        except _errors() as error:
            _log.warning("Redis does not answer (%s)", type(error).__name__)
            return self._otherwise.blocks(work)
        return found

    def lift(self, work: Work, *, who: Sequence[bytes] | None, place: str | None) -> int:
        """Forget counters here and in the database. Raises: Unavailable: Redis is away."""
        lifted = self._otherwise.lift(work, who=who, place=place)
        try:
            for key, about in self._counters(work):
                if who is not None and about.get(b"who") not in who:
                    continue
                if place is not None and about.get(b"place") != place.encode():
                    continue
                lifted += bool(self._redis.delete(_PREFIX + key, _about(work) + key))
        except _errors() as error:
            raise Unavailable from error
        return lifted

    def _one(self, work: Work, tally: Tally) -> Hit:
        args: list[bytes | str | int] = [
            int(tally.rate.window.total_seconds() * 1000),
            tally.rate.times,
            *(int(each.total_seconds() * 1000) for each in (MEMORY, FIRST_WAIT, LONGEST_WAIT)),
        ]
        args += [tally.limit, tally.who or b"", tally.place or ""]
        keys = [_PREFIX + tally.key, _about(work) + tally.key]
        answer: Any = self._count(keys=keys, args=args)
        return Hit(int(answer[0]), max(1, -(-int(answer[1]) // 1000)))

    def _counters(self, work: Work) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
        ours = _about(work)
        for name in self._redis.scan_iter(match=ours + b"*", count=1000):
            about: Any = self._redis.hgetall(name)
            yield name.removeprefix(ours), about

    def _block(self, key: bytes, about: dict[bytes, bytes]) -> Block | None:
        counted: Any = self._redis.get(_PREFIX + key)
        left: Any = self._redis.pttl(_PREFIX + key)
        count = int(counted or 0)
        if left <= 0 or count <= int(about.get(b"times", count)):
            return None
        return Block(
            limit=about.get(b"limit", b"").decode(),
            who=about.get(b"who") or None,
            place=about.get(b"place", b"").decode() or None,
            seconds_left=max(1, -(-left // 1000)),
            count=count,
            strikes=int(about.get(b"strikes", 0)),
        )


def _about(work: Work) -> bytes:
    return f"{_ABOUT}{work.house.keys.newest(PURPOSE).id}:".encode()


def _client(url: str) -> "Redis":
    try:
        from redis import (  # noqa: PLC0415 - an optional extra, imported where it is used
            BlockingConnectionPool,
            Redis,
        )
    except ModuleNotFoundError as error:
        msg = "GATEHOUSE_REDIS_URL needs an extra: pip install 'flask-gatehouse[redis]'."
        raise Misconfigured(msg) from error
    try:
        # Many at once wait for one another: whoever fell back to the database would find another
        # count there, and so more guesses.
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_PATIENCE,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=None,
        )
    except ValueError as error:
        msg = "GATEHOUSE_REDIS_URL must look like redis://host:6379/0."
        raise Misconfigured(msg) from error
    return Redis(connection_pool=pool)


def _errors() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError  # noqa: PLC0415 - an optional extra

    return (RedisError, OSError)
