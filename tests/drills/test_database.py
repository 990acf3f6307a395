"""The database server stops, or the way to it swallows everything."""

import threading

import pytest

from tests.drills.conftest import Start, visitor
from tests.drills.line import Line
from tests.drills.visitor import PATIENCE, Page, Visitor
from tests.long_form import times
from tests.security.walk import REMEMBER, SESSION

pytestmark = [pytest.mark.xdist_group("drills"), pytest.mark.timeout(300)]

PRIVATE = ("/account/", "/admin/", "/account/devices/")


def is_a_moment(page: Page) -> None:
    """Look that an answer says to come back, shows nobody, and leaves the cookies alone."""
    assert page.status == 503
    assert int(page.headers["Retry-After"]) > 0
    assert {SESSION, REMEMBER}.isdisjoint(page.set_cookies)
    assert "alice" not in page.text


@pytest.mark.drill("database stopped")
def test_without_a_database_nobody_is_let_in_and_nobody_signed_out(
    start: Start, postgres_url: str, wired_url: str, line: Line
) -> None:
    site = start(wired_url, behind=postgres_url)
    alice, stranger = visitor(site), visitor(site)
    assert alice.sign_in("alice", remember="y").status == 303
    leaving = alice.get("/account/").token
    held = dict(alice.cookies)
    token = stranger.get("/login/").token

    for _ in range(times(1, 5)):
        line.cut()

        for path in PRIVATE:
            is_a_moment(alice.get(path))
            assert stranger.get(path).location.startswith("/login/")
        page = stranger.post("/login/", token, username="bob", password="seven quiet herons")
        is_a_moment(page)
        page = alice.post("/logout/", leaving)
        is_a_moment(page)
        assert "logged out" not in page.text
        assert stranger.get("/").status == 200
        assert stranger.get("/login/").status == 200
        assert stranger.get("/healthz").status == 503
        assert {name: alice.cookies[name] for name in held} == held

        line.mend()

        assert alice.who() == "alice"
        assert stranger.get("/healthz").status == 200
    page = stranger.post("/login/", token, username="bob", password="seven quiet herons")
    assert page.status == 303
    assert stranger.who() == "bob"


@pytest.mark.drill("database swallows")
def test_a_database_that_swallows_everything_holds_nobody_for_ever(
    start: Start, postgres_url: str, wired_url: str, line: Line
) -> None:
    site = start(wired_url, "--workers", "1", behind=postgres_url)
    alice, stranger = visitor(site), visitor(site)
    assert alice.sign_in("alice", remember="y").status == 303
    stranger.get("/login/")
    answers: list[Page] = []

    def ask(path: str) -> None:
        answers.append(alice.copy().get(path))

    # Half of what one process answers at the same time.
    asking = [threading.Thread(target=ask, args=(path,)) for path in PRIVATE + PRIVATE[:1]]
    line.block()
    for each in asking:
        each.start()
    line.wait_until_held()

    # Whoever needs no database is answered while the others wait.
    assert stranger.get("/login/").status == 200
    assert stranger.get("/account/").location.startswith("/login/")
    assert stranger.get("/gatehouse/static/mark.svg").status == 200
    assert answers == []

    for each in asking:
        each.join(PATIENCE)
    assert len(answers) == len(asking)
    for page in answers:
        is_a_moment(page)

    line.mend()
    assert alice.who() == "alice"
    # Every thread is free again.
    for _ in range(10):
        assert Visitor(site.port).get("/healthz").status == 200
