"""Count an attempt before anything is verified, and refuse if there were too many."""

from collections.abc import Sequence
from typing import Final

from flask_gatehouse.core import tokens
from flask_gatehouse.core.errors import TooManyAttempts
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.throttling.events import LimitReached
from flask_gatehouse.features.throttling.rules import Limit
from flask_gatehouse.features.throttling.store import Store

_PURPOSE: Final = "throttling.key"


class Throttled(TooManyAttempts):
    """Too many attempts. Facts: `retry_after` in seconds, `limit`."""

    code = "throttling.too_many"


def count(work: Work, *, attempts: Sequence[tuple[Limit, str]]) -> None:
    """Count one attempt under each limit. It stays counted when the work is rolled back.

    Args:
        attempts: each limit with what it counts, such as a network.

    Raises:
        Throttled: one of the limits is passed.
    """
    keys = [(_key(work, limit, what), limit.rate.window) for limit, what in attempts]
    hits = work.house.part(Store).hit(work, keys)
    passed = [
        (limit, hit)
        for (limit, _), hit in zip(attempts, hits, strict=True)
        if hit.count > limit.rate.times
    ]
    if not passed:
        return
    crossed = [limit for limit, hit in passed if hit.count == limit.rate.times + 1]
    if crossed:
        with work.apart() as own:
            for limit in crossed:
                own.record(LimitReached(limit=limit.name))
    wait = max(hit.seconds_left for _, hit in passed)
    raise Throttled(retry_after=wait, limit=passed[0][0].name)


def forgive(work: Work, *, limit: Limit, what: str) -> None:
    """Forget what was counted: the attempt succeeded."""
    work.house.part(Store).clear(work, _key(work, limit, what))


def _key(work: Work, limit: Limit, what: str) -> bytes:
    return tokens.digest(f"{limit.name}\n{what}", work.house.keys.newest(_PURPOSE).value)
