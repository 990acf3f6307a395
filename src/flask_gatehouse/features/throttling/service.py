"""Count an attempt before anything is verified, and refuse if there were too many."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from flask_gatehouse.core import tokens
from flask_gatehouse.core.errors import TooManyAttempts
from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.throttling.events import BlocksLifted, LimitReached
from flask_gatehouse.features.throttling.models import Counter
from flask_gatehouse.features.throttling.rules import Limit, Tally, network_of
from flask_gatehouse.features.throttling.store import PURPOSE, Block, Store

_NAME_PURPOSE: Final = "throttling.name"

#: In place of the name of a limit, in rows that count nothing.
_NOTHING: Final = "nothing"


class Throttled(TooManyAttempts):
    """Too many attempts. Facts: `retry_after` in seconds, `limit`."""

    code = "throttling.too_many"


def count(
    work: Work,
    *,
    attempts: Sequence[tuple[Limit, str]],
    who: str | None = None,
    then: Callable[[Work], None] | None = None,
) -> None:
    """Count one attempt under each limit. It stays counted when the work is rolled back.

    In their order, up to the first that is passed: an attempt that one limit refuses uses up
    nothing of those behind it. So put the narrow ones first.

    Args:
        attempts: each limit with what it counts, such as a network.
        who: the name that the attempt is about, in the form in which it is counted.
        then: called if no limit is passed, in a work of its own that is committed with what was
            counted, or right after it. If it raises, nobody has been let try anything.

    Raises:
        Throttled: one of the limits is passed.
    """
    network = network_of(work.origin.address)
    digest = name_digest(work.house, who) if who is not None else None
    tallies = [
        Tally(
            key=_key(work, limit, what),
            limit=limit.name,
            rate=limit.rate,
            who=digest if limit.of_name else None,
            place=network if limit.of_network else None,
        )
        for limit, what in attempts
    ]
    hits = work.house.part(Store).hit(work, tallies, then=then)
    passed, hit = tallies[len(hits) - 1], hits[-1]
    if hit.count <= passed.rate.times:
        return
    if hit.count == passed.rate.times + 1:
        with work.apart() as own:
            own.record(LimitReached(limit=passed.limit))
    raise Throttled(retry_after=hit.seconds_left, limit=passed.limit)


def forgive(work: Work, *, limit: Limit, what: str) -> None:
    """Forget what was counted: the attempt succeeded."""
    work.house.part(Store).clear(work, _key(work, limit, what))


def take_back(work: Work, *, limit: Limit, what: str) -> None:
    """Take back one attempt that succeeded, and leave those of others counted."""
    key = _key(work, limit, what)
    work.house.part(Store).take_back(work, key, limit.rate.times)


def blocks(work: Work) -> list[Block]:
    """Return what has to wait at the moment, the longest wait first."""
    found = work.house.part(Store).blocks(work)
    return sorted(found, key=lambda block: block.seconds_left, reverse=True)


def lift(work: Work, *, names: Iterable[str] | None = None, network: str | None = None) -> int:
    """Forget counters, and so lift blocks; return how many there were.

    Args:
        names: those about one of these names, in the form in which they are counted.
        network: those about the network of this address. With neither, all.
    """
    who = None if names is None else [name_digest(work.house, name) for name in names]
    place = None if network is None else network_of(network.partition("/")[0])
    lifted = work.house.part(Store).lift(work, who=who, place=place)
    by = "all" if who is None and place is None else "network" if who is None else "name"
    work.record(BlocksLifted(by=by, counters=lifted, network=place))
    return lifted


def write_as_if(work: Work) -> None:
    """Write a row that counts nothing, where there is nothing to count, and is soon swept away.

    A commit that writes takes longer than one that does not, and would tell who has an account.
    """
    work.db.add(
        Counter(digest=secrets.token_bytes(32), count=0, expires_at=work.now, limit_name=_NOTHING)
    )


def name_digest(house: House, name: str) -> bytes:
    """Return what stands for a name in the counters about it."""
    return tokens.digest(name, house.keys.newest(_NAME_PURPOSE).value)


def _key(work: Work, limit: Limit, what: str) -> bytes:
    return tokens.digest(f"{limit.name}\n{what}", work.house.keys.newest(PURPOSE).value)
