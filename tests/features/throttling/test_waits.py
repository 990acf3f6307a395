"""Waits grow with each limit that is crossed in a row, and not with attempts while waiting."""

from datetime import timedelta
from secrets import token_bytes

import pytest

from flask_gatehouse.core.settings import Rate
from flask_gatehouse.features.throttling.rules import Hit, Tally, wait
from flask_gatehouse.features.throttling.store import Store
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import services
from tests.conftest import MakeSite
from tests.forms import sign_in

WRONG = "nine loud kettles"


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site, on which a name may fail twice in half a minute."""
    app = make_site(
        database_url,
        GATEHOUSE_THROTTLING_NAME_AND_NETWORK="2/30s",
        GATEHOUSE_THROTTLING_ACCOUNT="1000/1h",
        GATEHOUSE_THROTTLING_NETWORK="1000/1s",
    )
    site = GatehouseTester(app)
    site.add_user("alice")
    return site


def crossed(site: GatehouseTester, name: str = "alice") -> int:
    """Try until there is a wait; return its seconds."""
    for _ in range(3):
        page = sign_in(site.client(), name, WRONG)
    assert page.status_code == 429
    return int(page.headers["Retry-After"])


def wait_out(site: GatehouseTester, seconds: int) -> None:
    site.clock.move(timedelta(seconds=seconds))


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_each_crossing_in_a_row_doubles_the_wait_up_to_an_hour(
    site: GatehouseTester, name: str
) -> None:
    waits = []
    for _ in range(9):
        waits.append(crossed(site, name))
        wait_out(site, waits[-1])
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_who_tries_while_waiting_waits_no_longer(site: GatehouseTester) -> None:
    assert crossed(site) == 60
    for left in range(50, 0, -10):
        wait_out(site, 10)
        page = sign_in(site.client(), "alice", WRONG)
        assert (page.status_code, page.headers["Retry-After"]) == (429, str(left))
    wait_out(site, 10)
    assert sign_in(site.client(), "alice").status_code == 303


def test_an_hour_after_a_wait_the_next_one_is_the_first(site: GatehouseTester) -> None:
    for seconds in (60, 120):
        assert crossed(site) == seconds
        wait_out(site, seconds)
    wait_out(site, 3600)
    assert crossed(site) == 60


def test_a_success_makes_the_next_wait_the_first(site: GatehouseTester) -> None:
    for seconds in (60, 120):
        assert crossed(site) == seconds
        wait_out(site, seconds)
    assert sign_in(site.client(), "alice").status_code == 303
    assert crossed(site) == 60


def test_a_wait_is_never_shorter_than_the_window(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_THROTTLING_NAME_AND_NETWORK="2/15m"))
    waits = []
    for _ in range(6):
        waits.append(crossed(site))
        wait_out(site, waits[-1])
    assert waits == [900, 900, 900, 900, 960, 1920]


def test_a_person_is_told_what_can_be_done(site: GatehouseTester) -> None:
    crossed(site)
    page = sign_in(site.client(), "alice", PASSWORD)
    for part in ("1 minute", "browser in which you signed in before", "ask whoever runs this site"):
        assert part in page.text


@pytest.mark.parametrize(
    ("strikes", "minutes"), [(0, 1), (1, 2), (5, 32), (6, 60), (7, 60), (1_000_000, 60)]
)
def test_the_least_wait(strikes: int, minutes: int) -> None:
    assert wait(strikes) == timedelta(minutes=minutes)


def test_waits_grow_in_redis_too(make_site: MakeSite, sqlite_url: str) -> None:
    url = services.REDIS.need()
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_REDIS_URL=url))
    store = site.app.extensions["gatehouse"].house.part(Store)
    tally = Tally(token_bytes(32), "of a test", Rate(2, timedelta(seconds=30)))

    def crossing() -> Hit:
        with site.work() as work:
            hits = [store.hit(work, [tally])[0] for _ in range(4)]
        assert [hit.count for hit in hits] == [1, 2, 3, 4]
        assert hits[3].seconds_left <= hits[2].seconds_left
        pushed: Hit = hits[2]
        return pushed

    waits = []
    for _ in range(8):
        waits.append(crossing().seconds_left)
        # The wait is over: Redis has a clock of its own that no test can move.
        store._redis.delete(b"gatehouse:throttle:" + tally.key)  # noqa: SLF001
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]
