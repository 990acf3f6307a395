"""A storm of sign-ins: bounded, answered at once, and nobody else's affair."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import pytest

from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.passwords.pool import HashPool
from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.security.walk import UNLIMITED, hashes_done

#: Seconds after which a test that hangs fails.
LONG: Final = 60


@pytest.fixture
def busy(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    """The site with one slot and two places, one of which is kept; whoever waits, waits long."""
    app = make_site(
        sqlite_url,
        **UNLIMITED,
        GATEHOUSE_PASSWORDS_HASH_SLOTS=1,
        GATEHOUSE_PASSWORDS_HASH_PLACES=2,
        GATEHOUSE_PASSWORDS_HASH_PATIENCE="30s",
    )
    return GatehouseTester(app)


def pool_of(tester: GatehouseTester) -> HashPool:
    found: HashPool = tester.app.extensions["gatehouse"].house.part(Hashes).pool
    return found


@contextmanager
def storm(pool: HashPool) -> Iterator[None]:
    """Have a stranger hash for as long as this lasts."""
    begun, over = threading.Event(), threading.Event()

    def hold() -> bool:
        begun.set()
        return over.wait(LONG)

    stranger = threading.Thread(target=lambda: pool.run(hold))
    stranger.start()
    assert begun.wait(LONG)
    try:
        yield
    finally:
        over.set()
        stranger.join()


def test_fai_06_pages_that_hash_nothing_are_answered_in_a_storm(busy: GatehouseTester) -> None:
    alice = busy.client(busy.add_user("alice", admin=True))
    with storm(pool_of(busy)):
        for path in ("/account/devices/", "/admin/", "/login/", "/healthz"):
            assert alice.get(path, follow_redirects=True).status_code == 200, path


@pytest.mark.parametrize("name", ["alice", "nobody-here"])
def test_fai_06_who_finds_no_place_is_told_at_once_and_hashes_nothing(
    busy: GatehouseTester, name: str
) -> None:
    busy.add_user("alice")
    before = hashes_done(busy)
    with storm(pool_of(busy)):
        # With a place it would wait for the storm to end, which waits for this.
        page = forms.sign_in(busy.client(), name)
        assert page.status_code == 503
        assert 2 <= int(page.headers["Retry-After"]) <= 10
        assert hashes_done(busy) == before


def test_fai_06_who_is_signed_in_has_a_place_that_strangers_cannot_take(
    busy: GatehouseTester,
) -> None:
    alice = busy.client(busy.add_user("alice"))
    pool = pool_of(busy)
    with ThreadPoolExecutor(1) as threads:
        with storm(pool):
            confirmed = threads.submit(
                forms.send, alice, "/confirm/", password="seven quiet herons"
            )
            while pool.waiting != 1 and not confirmed.done():
                threading.Event().wait(0.001)
            assert not confirmed.done()
        assert confirmed.result(LONG).status_code == 303


def test_asvs_15_2_2_being_turned_away_is_one_line_in_the_log(
    busy: GatehouseTester, caplog: pytest.LogCaptureFixture
) -> None:
    with storm(pool_of(busy)), caplog.at_level(logging.WARNING, "gatehouse"):
        forms.sign_in(busy.client(), "alice")
    (line,) = [each for each in caplog.records if each.name == "gatehouse"]
    assert "passwords.overloaded" in line.getMessage()
    assert line.exc_info is None


def test_asvs_15_2_2_a_password_that_is_too_long_takes_no_place(busy: GatehouseTester) -> None:
    busy.add_user("alice")
    with storm(pool_of(busy)):
        assert forms.sign_in(busy.client(), "alice", "x" * 5000).status_code == 401
        assert forms.sign_in(busy.client(), "nobody-here", "x" * 5000).status_code == 401
