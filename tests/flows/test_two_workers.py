"""The site with two processes that answer: what one of them ends is over in the other.

Which of the two answers is not left to luck: the other one is stopped by a signal meanwhile.
"""

import http.client
import os
import re
import shutil
import signal
import sqlite3
import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select, text

from flask_gatehouse import Gatehouse
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import PASSWORD, settings_for_tests
from gatehouse_site.app import create_app
from tests.browser.running import PATIENCE, Site

pytestmark = pytest.mark.xdist_group("browser")

ANOTHER = "nine patient otters swim"

#: How often a process is stopped anew because it was in the middle of something.
TRIES = 500

#: Transactions of others in this database.
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')

CHEAP = {
    "GATEHOUSE_PASSWORDS_HASH_TIME": "2",
    "GATEHOUSE_PASSWORDS_HASH_MEMORY": "19MiB",
    "GATEHOUSE_PASSWORDS_HASH_PATIENCE": "30s",
    "GATEHOUSE_PASSWORDS_HASH_PLACES": "64",
    "GATEHOUSE_THROTTLING_NETWORK": "10000/10m",
    "GATEHOUSE_THROTTLING_NAME_AND_NETWORK": "100/15m",
    "GATEHOUSE_THROTTLING_LINKS": "1000/10m",
}


@dataclass
class Answer:
    status: int
    text: str
    location: str | None


@dataclass
class Browser:
    """Keeps cookies, follows nothing, and opens a connection for every request."""

    site: Site
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, form: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection(self.site.host, self.site.port, timeout=PATIENCE)
        headers = {"Connection": "close", "Sec-Fetch-Site": "same-origin"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form)
        try:
            connection.request("GET" if form is None else "POST", path, body, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie") or []:
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            return Answer(answer.status, answer.read().decode(), answer.headers["Location"])
        finally:
            connection.close()

    def send(self, path: str, to: str | None = None, **fields: str) -> Answer:
        page = self.ask(path)
        found = _TOKEN.search(page.text)
        assert found is not None, f"no form on {path}: {page.status}"
        return self.ask(to or path, {"csrf_token": found[1], **fields})

    def sign_in(self, name: str, *, password: str = PASSWORD, **fields: str) -> "Browser":
        answer = self.send("/login/", username=name, password=password, **fields)
        assert answer.status == 303, answer.text
        return self

    def copy(self) -> "Browser":
        return Browser(self.site, dict(self.cookies))

    @property
    def is_in(self) -> bool:
        return self.ask("/account/").status == 200


@dataclass
class Pair:
    """The site, its two processes, and an application of its own on the same database."""

    site: Site
    app: Flask

    def __post_init__(self) -> None:
        self.site.wait_for(r"Booting worker[\s\S]*Booting worker")
        self.one, self.other = self.site.workers()

    @contextmanager
    def answered_by(self, worker: int) -> Iterator[None]:
        resting = self.other if worker == self.one else self.one
        self._put_to_rest(resting)
        try:
            yield
        finally:
            os.kill(resting, signal.SIGCONT)

    def _put_to_rest(self, worker: int) -> None:
        """Stop a process at a moment at which it holds nothing that others would wait for."""
        for _ in range(TRIES):
            os.kill(worker, signal.SIGSTOP)
            if self._nobody_writes():
                return
            # Its thread was just sending a letter, or at another chore.
            os.kill(worker, signal.SIGCONT)
            time.sleep(0.02)
        pytest.fail("there was no moment without a transaction")

    def _nobody_writes(self) -> bool:
        engine = self.app.extensions["gatehouse"].works.engine
        if engine.dialect.name == "sqlite":
            with closing(sqlite3.connect(engine.url.database, timeout=0)) as own:
                try:
                    own.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    return False
            return True
        with engine.connect() as own:
            return bool(own.scalar(text(_OTHERS)) == 0)

    def command(self, *words: str, typed: str = "") -> str:
        """Run a command in this process, which is neither of the two."""
        done = self.app.test_cli_runner().invoke(args=["gatehouse", *words], input=typed)
        assert done.exit_code == 0, done.output
        return done.output

    def person(self) -> str:
        name = f"person-{token_hex(6)}"
        self.command("users", "create", name, "--password-stdin", typed=f"{PASSWORD}\n")
        return name

    def known_to_both(self, name: str, **fields: str) -> Browser:
        browser = Browser(self.site).sign_in(name, **fields)
        assert self.seen_by_both(browser) == [True, True]
        return browser

    def seen_by_both(self, browser: Browser) -> list[bool]:
        seen = []
        for worker in (self.one, self.other):
            with self.answered_by(worker):
                seen.append(browser.is_in)
        return seen


KINDS = ["sqlite", "postgres"]


@contextmanager
def two_processes(request: pytest.FixtureRequest, home: Path) -> Iterator[Pair]:
    """Start the site on a kind of database, and beside it an application for commands."""
    home.mkdir()
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), home / "gatehouse.db")
        url = f"sqlite:///{home / 'gatehouse.db'}"
    else:
        url = request.getfixturevalue("postgres_server")
    with Site(home, "--workers", "2", **CHEAP, GATEHOUSE_DATABASE_URL=url) as site:
        config = settings_for_tests(home)
        del config["SECRET_KEY"]  # that of the site, which it keeps in its home
        urls = {"GATEHOUSE_DATABASE_URL": url, "GATEHOUSE_PUBLIC_URL": site.url}
        app = create_app({**config, **urls})
        yield Pair(site, app)
        app.extensions["gatehouse"].works.engine.dispose()
    assert "Traceback" not in site.output


@pytest.fixture(scope="module", params=KINDS)
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Two processes that stay."""
    with two_processes(request, tmp_path_factory.mktemp("two") / "home") as pair:
        yield pair


@pytest.fixture(params=KINDS)
def short_lived(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """Two processes that a test may end."""
    with two_processes(request, tmp_path / "home") as pair:
        yield pair


def log_out(pair: Pair, name: str, there: Browser) -> None:
    assert there.copy().ask("/logout/").status == 303


def end_on_the_list(pair: Pair, name: str, there: Browser) -> None:
    here = Browser(pair.site).sign_in(name)
    page = here.ask("/account/devices/").text
    (device,) = re.findall(r"/account/devices/([\w-]{22})/end/", page)
    answer = here.send("/account/devices/", f"/account/devices/{device}/end/")
    assert answer.location == "/account/devices/"
    assert here.is_in


def end_all_others(pair: Pair, name: str, there: Browser) -> None:
    here = Browser(pair.site).sign_in(name)
    assert here.send("/account/devices/", "/account/devices/end-others/").status == 303
    assert here.is_in


def suspend(pair: Pair, name: str, there: Browser) -> None:
    pair.command("users", "suspend", name)


def change_the_password(pair: Pair, name: str, there: Browser) -> None:
    pair.command("users", "set-password", name, "--password-stdin", typed=f"{ANOTHER}\n")


def end_by_command(pair: Pair, name: str, there: Browser) -> None:
    pair.command("sessions", "end", "--user", name)


@pytest.mark.parametrize(
    "end",
    [log_out, end_on_the_list, end_all_others, suspend, change_the_password, end_by_command],
)
def test_ses_07_what_one_process_ended_is_over_in_the_other_at_the_next_request(
    pair: Pair, end: Callable[[Pair, str, Browser], None]
) -> None:
    name = pair.person()
    there = pair.known_to_both(name, remember="y")
    bystander = pair.known_to_both(pair.person())

    with pair.answered_by(pair.one):
        end(pair, name, there)

    with pair.answered_by(pair.other):
        assert not there.is_in
    assert pair.seen_by_both(there) == [False, False]
    assert pair.seen_by_both(bystander) == [True, True]


def test_of_sixteen_who_redeem_one_link_at_both_processes_one_wins(pair: Pair) -> None:
    name = pair.person()
    link = pair.command("users", "invite", name).strip().removeprefix(pair.site.url)
    browsers = [Browser(pair.site) for _ in range(16)]
    forms = []
    for number, browser in enumerate(browsers):
        assert browser.ask(link).status == 303
        found = _TOKEN.search(browser.ask("/invitation/").text)
        assert found is not None
        forms.append({"csrf_token": found[1], "password": f"heron number {number} stands still"})
    gate = threading.Barrier(16)

    def send(number: int) -> int:
        gate.wait(timeout=60)
        return browsers[number].ask("/invitation/", forms[number]).status

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(16)))

    assert Tally(answers) == {303: 1, 409: 15}
    winner = answers.index(303)
    assert Browser(pair.site).sign_in(name, password=forms[winner]["password"]).is_in
    loser = forms[(winner + 1) % 16]["password"]
    assert Browser(pair.site).send("/login/", username=name, password=loser).status == 401


@contextmanager
def work_on(pair: Pair) -> Iterator[Work]:
    with pair.app.app_context(), Gatehouse.unit_of_work() as work:
        yield work


def visit_that_waits(pair: Pair, name: str, browser: Browser) -> datetime:
    """Use a session that was not used for twenty minutes; return what is still written of it."""
    with work_on(pair) as work:
        row = work.db.scalars(select(Session).join(User).where(User.username == name)).one()
        row.last_seen_at = work.now - timedelta(minutes=20)
        row.idle_expires_at = work.now + timedelta(minutes=40)
    before = last_seen(pair, name)
    with pair.answered_by(pair.one):
        assert browser.is_in
    assert last_seen(pair, name) == before, "it waits"
    return before


def last_seen(pair: Pair, name: str) -> datetime:
    with work_on(pair) as work:
        found = select(Session.last_seen_at).join(User).where(User.username == name)
        return work.db.scalars(found).one()


def test_what_waits_in_a_killed_process_is_lost_and_nobody_is_signed_out(
    short_lived: Pair,
) -> None:
    name = short_lived.person()
    browser = short_lived.known_to_both(name)
    visit_that_waits(short_lived, name, browser)

    os.kill(short_lived.one, signal.SIGKILL)
    short_lived.site.wait_for(r"(Booting worker[\s\S]*){3}")
    short_lived.one = short_lived.site.workers()[-1]

    assert short_lived.seen_by_both(browser) == [True, True]


def test_what_waits_is_written_when_the_site_stops(short_lived: Pair) -> None:
    name = short_lived.person()
    browser = short_lived.known_to_both(name)
    before = visit_that_waits(short_lived, name, browser)

    assert short_lived.site.stop() == 0

    assert last_seen(short_lived, name) > before + timedelta(minutes=19)
