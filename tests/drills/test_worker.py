"""A process is killed, whatever it was doing."""

import os
import signal
import threading
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from sqlalchemy import create_engine, text

from flask_gatehouse.db.engine import parsed
from tests.browser.running import Site
from tests.drills.conftest import PEOPLE, Start, visitor
from tests.drills.visitor import NoAnswer, Visitor
from tests.long_form import Dice, times

pytestmark = [pytest.mark.xdist_group("drills"), pytest.mark.timeout(times(120, 1200))]

#: How often a process is killed.
KILLS = times(20, 300)

#: Sign-ins of one person that are open at the most; the site keeps twenty.
OPEN = 5


@dataclass
class Person:
    """Signs in and out, and keeps in mind what was answered."""

    site: Site
    name: str
    inside: list[Visitor] = field(default_factory=list)
    outside: list[Visitor] = field(default_factory=list)
    #: Sign-ins that were answered, and requests that were not.
    admitted: int = 0
    unanswered: int = 0
    wrong: list[str] = field(default_factory=list)

    def live(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._step()
            except NoAnswer:
                self.unanswered += 1
            except (AssertionError, TimeoutError) as error:
                self.wrong.append(repr(error))

    def _step(self) -> None:
        if len(self.inside) < OPEN:
            browser = visitor(self.site)
            page = browser.sign_in(self.name)
            if page.status == 303:
                self.admitted += 1
                self.inside.append(browser)
            elif page.status != 503:
                self.wrong.append(f"{page.status} at a sign-in")
            return
        leaving = self.inside.pop(0)
        copy = leaving.copy()
        # Without an answer nobody knows whether it is over, so it is on neither list.
        page = leaving.sign_out()
        if page.status == 303:
            self.outside.append(copy)
        else:
            self.wrong.append(f"{page.status} at a sign-out")


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest) -> str:
    """A database of each kind that the drill is played on."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.mark.drill("worker killed")
def test_fai_07_nothing_that_was_answered_is_lost_and_nothing_is_half_done(
    start: Start, where: str
) -> None:
    # A sign-out that is answered must not meet the next one's limit.
    site = start(where, GATEHOUSE_THROTTLING_NAME_AND_NETWORK="100/1s")
    people = [Person(site, name) for name in PEOPLE]
    stop = threading.Event()
    living = [threading.Thread(target=person.live, args=(stop,)) for person in people]
    for each in living:
        each.start()
    dice = Dice("kills")
    for _ in range(KILLS):
        stop.wait(0.05 + dice.below(200) / 1000)
        running = site.workers()
        with suppress(ProcessLookupError):
            os.kill(running[-1 - dice.below(2)], signal.SIGKILL)
    stop.set()
    for each in living:
        each.join()

    assert sum(person.unanswered for person in people) > 0
    for person in people:
        assert person.wrong == []
        assert person.admitted > 0
        assert {browser.who() for browser in person.inside} <= {person.name}
        assert {browser.who() for browser in person.outside} <= {"nobody"}
        assert visitor(site).sign_in(person.name).status == 303
    check_rows(where, sum(person.admitted for person in people))


def check_rows(url: str, admitted: int) -> None:
    """Look into the tables: what belongs together was written together."""
    engine = create_engine(parsed(url, setting="test"))

    def all_of(statement: str) -> list[str]:
        with engine.connect() as connection:
            return [str(value) for (value,) in connection.execute(text(statement))]

    users = all_of("SELECT id FROM gatehouse_user")
    owners = all_of("SELECT user_id FROM gatehouse_session")
    signed_in = all_of("SELECT DISTINCT sign_in_id FROM gatehouse_session")
    sessions = all_of("SELECT public_id FROM gatehouse_session")
    told = all_of("SELECT session_id FROM gatehouse_audit WHERE name = 'login.succeeded'")
    engine.dispose()
    assert set(owners) <= set(users)
    assert set(sessions) <= set(told)
    assert len(told) == len(set(told)) >= admitted
    assert signed_in
