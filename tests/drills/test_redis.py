"""Redis stops in the middle of guessing."""

import itertools
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from tests import services
from tests.browser.running import Site
from tests.drills.conftest import Start, visitor
from tests.drills.line import Line
from tests.long_form import times

pytestmark = [pytest.mark.xdist_group("drills"), pytest.mark.timeout(300)]

LIMIT = 4


@pytest.fixture
def redis_line() -> Iterator[Line]:
    """The wire to Redis."""
    url = make_url(services.REDIS.need())
    with Line(url.host or "127.0.0.1", url.port or 6379) as made:
        yield made


@pytest.fixture
def counted(start: Start, sqlite_url: str, redis_line: Line) -> Site:
    """The site whose attempts are counted in Redis, which only the wire leads to."""
    url = make_url(services.REDIS.need()).set(host="127.0.0.1", port=redis_line.port)
    return start(
        sqlite_url,
        GATEHOUSE_REDIS_URL=url.render_as_string(hide_password=False),
        GATEHOUSE_THROTTLING_NAME_AND_NETWORK=f"{LIMIT}/15m",
    )


def guesses(site: Site, name: str) -> list[int]:
    """Guess more often than is allowed, and return the answers."""
    return [visitor(site).sign_in(name, "wrong").status for _ in range(LIMIT + 3)]


@pytest.mark.drill("Redis stopped")
@pytest.mark.parametrize("how", ["cut", "block"])
def test_fai_02_whoever_counts_a_limit_stays_a_limit(
    counted: Site, redis_line: Line, how: str
) -> None:
    for name in itertools.islice(("alice", "bob", "carol"), times(1, 3)):
        first = visitor(counted).sign_in(name, "wrong").status
        getattr(redis_line, how)()
        meanwhile = guesses(counted, name)
        right = visitor(counted).sign_in(name).status
        other = visitor(counted).sign_in("dave").status
        redis_line.mend()
        after = guesses(counted, name)

        assert first == 401
        # Sooner or later everybody has to wait, and then also with the right password.
        for answers in (meanwhile, after):
            assert set(answers) == {401, 429}
            assert answers.count(401) <= LIMIT
            assert answers == sorted(answers)
        assert right == 429
        assert other == 303
