"""The clock of the application jumps."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from flask_gatehouse.testing import NOON, PASSWORD, GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.security.walk import invitation_for, remembering, who

MINUTES = timedelta(minutes=2)
DAY = timedelta(days=1)

LIMIT = 3

WRONG = "nine loud kettles"


@pytest.fixture
def clocked(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each kind of database, whose own clock is months away from the application's."""
    return GatehouseTester(
        make_site(database_url, GATEHOUSE_THROTTLING_NAME_AND_NETWORK=f"{LIMIT}/15m")
    )


def guess(tester: GatehouseTester, password: str = WRONG) -> int:
    return forms.sign_in(tester.client(), "bob", password).status_code


def invited(tester: GatehouseTester) -> FlaskClient:
    """Return a browser in which a link was opened."""
    client = tester.client()
    client.get(invitation_for(tester, tester.add_user("carol", password=None)))
    return client


@pytest.mark.drill("clock two minutes off")
@pytest.mark.parametrize("jumps", [(MINUTES, -MINUTES), (-MINUTES, MINUTES)], ids=["on", "back"])
def test_fai_05_two_minutes_change_nothing(
    clocked: GatehouseTester, jumps: tuple[timedelta, ...]
) -> None:
    alice = clocked.add_user("alice")
    clocked.add_user("bob")
    client, remembered = clocked.client(alice), remembering(clocked, alice)
    link = invited(clocked)
    assert [guess(clocked) for _ in range(LIMIT + 1)] == [401] * LIMIT + [429]
    for jump in jumps:
        clocked.clock.move(jump)
        assert who(client) == "alice"
        assert who(remembered) == "alice"
        assert link.get("/invitation/").status_code == 200
        assert guess(clocked, PASSWORD) == 429
        assert forms.sign_in(clocked.client()).status_code == 303


@pytest.mark.drill("clock a day off")
def test_fai_05_a_day_ahead_is_a_day_later(clocked: GatehouseTester) -> None:
    alice = clocked.add_user("alice")
    clocked.add_user("bob")
    client, remembered = clocked.client(alice), remembering(clocked, alice)
    link = invited(clocked)
    assert [guess(clocked) for _ in range(LIMIT + 1)][-1] == 429
    clocked.clock.move(DAY)
    assert who(client) == "nobody"
    assert who(remembered) == "alice"
    assert link.get("/invitation/").status_code in {200, 409}
    assert guess(clocked, PASSWORD) == 303
    clocked.clock.move(-DAY)
    # It was over by a wrong clock only. It may have been swept away meanwhile, or goes on.
    assert who(client) in {"alice", "nobody"}
    assert who(remembered) == "alice"
    clocked.clock.move(timedelta(days=1, minutes=1))
    assert who(client) == "nobody"


@pytest.mark.drill("clock a day off")
def test_fai_05_a_day_back_lets_nobody_in_and_frees_no_limit(clocked: GatehouseTester) -> None:
    alice = clocked.add_user("alice")
    clocked.add_user("bob")
    client = clocked.client(alice)
    assert [guess(clocked) for _ in range(LIMIT + 1)][-1] == 429
    clocked.clock.move(-DAY)
    assert who(client) == "alice"
    assert guess(clocked, PASSWORD) == 429
    # From here it is over as from any other moment.
    clocked.clock.move(2 * DAY + timedelta(minutes=1))
    assert who(client) == "nobody"
    assert guess(clocked, PASSWORD) == 303


#: A change of the hour, the last second before a day that had one more, the end of 32 bits,
#: and a century that is no leap year.
MOMENTS = {
    "an hour that comes twice": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    "the end of a year": datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
    "a leap day": datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    "the end of 32 bits": datetime(2038, 1, 19, 3, 14, 0, tzinfo=UTC),
    "2100": datetime(2100, 2, 28, 23, 59, 0, tzinfo=UTC),
}


@pytest.mark.drill("clock of the database off")
def test_fai_05_at_any_moment_an_idle_session_lasts_an_hour(clocked: GatehouseTester) -> None:
    alice, last = clocked.add_user("alice"), NOON
    for name, moment in MOMENTS.items():
        clocked.clock.move(moment - last)
        client = clocked.client(alice)
        clocked.clock.move(timedelta(minutes=59))
        assert who(client) == "alice", name
        clocked.clock.move(timedelta(minutes=61))
        assert who(client) == "nobody", name
        assert forms.sign_in(clocked.client()).status_code == 303, name
        last = moment + timedelta(hours=2)
