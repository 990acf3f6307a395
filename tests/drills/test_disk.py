"""No file may grow any more."""

import resource

import pytest

from tests.browser.running import Site
from tests.drills.conftest import Start, visitor
from tests.long_form import times
from tests.security.walk import REMEMBER, SESSION

pytestmark = [pytest.mark.xdist_group("drills"), pytest.mark.timeout(120)]


def fill(site: Site) -> None:
    """Let the system refuse what every process of the site appends to any file."""
    for process in site.workers():
        resource.prlimit(process, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))


def empty(site: Site) -> None:
    for process in site.workers():
        both = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(process, resource.RLIMIT_FSIZE, both)


@pytest.mark.drill("disk full")
def test_on_a_full_disk_reading_goes_on_and_nothing_is_half_written(
    start: Start, sqlite_url: str
) -> None:
    site = start(sqlite_url)
    alice = visitor(site)
    assert alice.sign_in("alice", remember="y").status == 303
    for _ in range(times(2, 50)):
        fill(site)
        for name in ("bob", "carol"):
            late = visitor(site)
            page = late.sign_in(name)
            assert page.status == 503
            assert int(page.headers["Retry-After"]) > 0
            assert {SESSION, REMEMBER}.isdisjoint(page.set_cookies)
            assert "disk" not in page.text
            assert late.who() == "nobody"
        # Guessing is not free because nobody can count.
        assert visitor(site).sign_in("dave", "wrong").status == 503
        assert alice.who() == "alice"
        assert alice.get("/admin/").status == 200

        empty(site)
        back = visitor(site)
        assert back.sign_in("bob").status == 303
        assert back.who() == "bob"
        assert alice.who() == "alice"
