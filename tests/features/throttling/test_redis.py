"""Counters in a real Redis, and what counts while there is none."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from secrets import token_bytes
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from flask_gatehouse.core.settings import Rate
from flask_gatehouse.features.throttling.models import Counter
from flask_gatehouse.features.throttling.rules import Hit, Tally
from flask_gatehouse.features.throttling.store import Store
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import services
from tests.forms import sign_in

MakeSite = Callable[..., Flask]

WRONG = "nine loud kettles"
WINDOW = timedelta(minutes=10)

#: A port at which nothing listens.
DEAD = "redis://:tr0ub4dor@127.0.0.1:1/0"


@pytest.fixture
def redis_url() -> str:
    return services.REDIS.need()


@pytest.fixture
def make_counted(make_site: MakeSite, sqlite_url: str) -> Callable[[str], GatehouseTester]:
    """Make sites as several machines run them: one database, the same keys."""
    made: list[GatehouseTester] = []

    def make(redis_url: str) -> GatehouseTester:
        app = make_site(
            sqlite_url,
            GATEHOUSE_REDIS_URL=redis_url,
            GATEHOUSE_THROTTLING_NAME_AND_NETWORK="3/15m",
        )
        made.append(GatehouseTester(app))
        if len(made) == 1:
            made[0].add_user("alice")
        return made[-1]

    return make


MakeCounted = Callable[[str], GatehouseTester]


def hit(site: GatehouseTester, key: bytes, window: timedelta = WINDOW, times: int = 1000) -> Hit:
    with site.work() as work:
        counted = Tally(key, "of a test", Rate(times, window))
        (found,) = site.app.extensions["gatehouse"].house.part(Store).hit(work, [counted])
    assert isinstance(found, Hit)
    return found


def clear(site: GatehouseTester, key: bytes) -> None:
    with site.work() as work:
        site.app.extensions["gatehouse"].house.part(Store).clear(work, key)


def counted_in_the_database(site: GatehouseTester) -> int:
    with site.work() as work:
        return work.db.scalar(select(func.count()).select_from(Counter)) or 0


def attempt(site: GatehouseTester, password: str = WRONG) -> int:
    return sign_in(site.client(), "alice", password).status_code


def test_two_applications_share_what_redis_counts(
    make_counted: MakeCounted, redis_url: str
) -> None:
    one, other = make_counted(redis_url), make_counted(redis_url)
    assert [attempt(one), attempt(other), attempt(one)] == [401, 401, 401]
    assert [attempt(one), attempt(other)] == [429, 429]
    assert counted_in_the_database(one) == 0


def test_success_clears_the_name_for_both(make_counted: MakeCounted, redis_url: str) -> None:
    one, other = make_counted(redis_url), make_counted(redis_url)
    assert [attempt(one), attempt(one), attempt(other, PASSWORD)] == [401, 401, 303]
    assert [attempt(one), attempt(one), attempt(one), attempt(other)] == [401, 401, 401, 429]


def test_applications_with_other_keys_count_for_themselves(
    make_site: MakeSite, sqlite_url: str, redis_url: str
) -> None:
    answers = []
    for key in ("kL9vQ2xT7mWc4RbZ1nYp8sDf6gHj3aEu", "oI5uY2tR8eW1qA4sD7fG0hJ3kL6zX9cV"):
        app = make_site(
            sqlite_url,
            GATEHOUSE_SECRET_KEY=key + token_bytes(8).hex(),
            GATEHOUSE_REDIS_URL=redis_url,
            GATEHOUSE_THROTTLING_NETWORK="1/10m",
        )
        answers.append(sign_in(app.test_client(), "alice", WRONG).status_code)
    assert answers == [401, 401]


def test_the_window_is_set_by_the_first_hit_only(make_counted: MakeCounted, redis_url: str) -> None:
    site, key = make_counted(redis_url), token_bytes(32)
    first = hit(site, key)
    later = hit(site, key, timedelta(days=1))
    assert (first.count, later.count) == (1, 2)
    assert 0 < later.seconds_left <= first.seconds_left <= WINDOW.total_seconds()


def test_hits_at_once_are_counted_one_by_one(make_counted: MakeCounted, redis_url: str) -> None:
    site, key = make_counted(redis_url), token_bytes(32)
    gate = Barrier(30)

    def one_hit(_: int) -> int:
        gate.wait(timeout=60)
        return hit(site, key).count

    with ThreadPoolExecutor(30) as pool:
        assert sorted(pool.map(one_hit, range(30))) == list(range(1, 31))


def test_what_was_cleared_begins_again(make_counted: MakeCounted, redis_url: str) -> None:
    site, key = make_counted(redis_url), token_bytes(32)
    assert [hit(site, key).count, hit(site, key).count] == [1, 2]
    clear(site, key)
    assert hit(site, key).count == 1


def test_while_redis_is_away_the_database_counts(
    make_counted: MakeCounted, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_counted(DEAD)
    with caplog.at_level(logging.WARNING, "gatehouse"):
        assert [attempt(site) for _ in range(4)] == [401, 401, 401, 429]
    assert counted_in_the_database(site) == 3
    assert "Redis does not count" in caplog.text
    assert "tr0ub4dor" not in caplog.text


def test_while_redis_is_away_success_still_signs_in_and_clears(make_counted: MakeCounted) -> None:
    site = make_counted(DEAD)
    assert [attempt(site), attempt(site), attempt(site, PASSWORD)] == [401, 401, 303]
    assert [attempt(site) for _ in range(4)] == [401, 401, 401, 429]


def test_what_the_database_counted_is_cleared_once_redis_is_back(
    make_counted: MakeCounted, redis_url: str
) -> None:
    away, back = make_counted(DEAD), make_counted(redis_url)
    key = token_bytes(32)
    assert hit(away, key).count == 1
    assert hit(back, key).count == 1
    clear(away, key)
    assert hit(away, key).count == 1
    assert hit(back, key).count == 2
