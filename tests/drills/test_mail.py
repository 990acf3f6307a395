"""The mail server swallows, stops, or hangs up."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from flask_gatehouse.testing import GatehouseTester
from tests.browser.running import COMMAND, Site, environment
from tests.conftest import MakeSite
from tests.drills.conftest import Start, visitor
from tests.drills.line import Line
from tests.features.mail.smtp_server import Mailbox, serving

pytestmark = [pytest.mark.xdist_group("drills"), pytest.mark.timeout(120)]


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def mail_line(mailbox: Mailbox) -> Iterator[Line]:
    """The wire to a mail server."""
    with serving(mailbox) as port, Line("127.0.0.1", port) as made:
        yield made


def mail_url(line: Line) -> str:
    return f"smtp://127.0.0.1:{line.port}?tls=none"


def ids(messages: list[EmailMessage]) -> list[str]:
    return [str(message["Message-ID"]) for message in messages]


def invite(site: Site, url: str, name: str) -> None:
    """Write a letter to somebody, as an administrator does at the command line."""
    run(site, url, "users", "invite", name)


def listed(site: Site, url: str) -> str:
    """Return what became of the letters."""
    return run(site, url, "mail", "list", "--json")


def run(site: Site, url: str, *arguments: str) -> str:
    done = subprocess.run(
        [COMMAND, *arguments],
        env=environment(site.home, GATEHOUSE_DATABASE_URL=url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.drill("mail server swallows")
def test_fai_04_nothing_waits_for_a_mail_server_that_says_nothing(
    start: Start, sqlite_url: str, mail_line: Line, mailbox: Mailbox
) -> None:
    # Longer than the test: nobody gives up meanwhile.
    site = start(sqlite_url, GATEHOUSE_MAIL_URL=mail_url(mail_line), GATEHOUSE_MAIL_TIMEOUT="60s")
    mail_line.block()
    # Both answer while the mail server has said nothing: the command, and then the site.
    invite(site, sqlite_url, "bob")
    mail_line.wait_until_held()
    held = mail_line.held
    alice = visitor(site)
    assert alice.sign_in("alice").status == 303
    assert alice.who() == "alice"
    assert mail_line.held == held
    assert mailbox.messages == []

    invite(site, sqlite_url, "carol")

    mail_line.mend()
    wait_for(lambda: '"state": "waiting"' not in listed(site, sqlite_url))
    assert len(set(ids(mailbox.messages))) == len(mailbox.messages) == 2
    to = {message["To"].addresses[0].addr_spec for message in mailbox.messages}
    assert to == {"bob@example.org", "carol@example.org"}


def wait_for(what: Callable[[], object]) -> None:
    """Wait until something is so; the time limit of the test is the limit."""
    while not what():
        threading.Event().wait(0.05)


@pytest.fixture
def posting(make_site: MakeSite, sqlite_url: str, mail_line: Line) -> GatehouseTester:
    """The site in this process, so that the clock can be moved to the next attempt."""
    app = make_site(sqlite_url, GATEHOUSE_MAIL_URL=mail_url(mail_line), GATEHOUSE_MAIL_TIMEOUT="1s")
    return GatehouseTester(app)


def command(tester: GatehouseTester, *arguments: str) -> str:
    done = tester.app.test_cli_runner().invoke(args=["gatehouse", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.drill("mail server stopped")
def test_fai_04_a_letter_arrives_once_when_the_mail_server_is_back(
    posting: GatehouseTester, mail_line: Line, mailbox: Mailbox
) -> None:
    posting.add_user("bob", email="bob@example.org", password=None)
    mail_line.cut()
    command(posting, "users", "invite", "bob")
    assert "1 to be tried again" in command(posting, "mail", "work", "--once")
    # Not at once, however often somebody looks.
    for _ in range(5):
        assert command(posting, "mail", "work", "--once").startswith("0 sent, 0 to be")
    posting.clock.move(timedelta(minutes=2))
    assert "1 to be tried again" in command(posting, "mail", "work", "--once")

    mail_line.mend()
    posting.clock.move(timedelta(minutes=10))
    assert command(posting, "mail", "work", "--once").startswith("1 sent")
    for _ in range(3):
        posting.clock.move(timedelta(days=1))
        assert command(posting, "mail", "work", "--once").startswith("0 sent, 0 to be")
    assert len(mailbox.messages) == 1


class Deaf(Mailbox):
    """Takes a letter, and the line swallows that it did."""

    line: Line

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        said = await super().handle_DATA(server, session, envelope)
        if len(self.messages) == 1:
            self.line.block()
        return said


@pytest.mark.drill("mail server hangs up")
def test_fai_04_a_letter_that_may_have_arrived_comes_again_as_the_same(
    make_site: MakeSite, sqlite_url: str
) -> None:
    mailbox = Deaf()
    with serving(mailbox) as port, Line("127.0.0.1", port) as line:
        mailbox.line = line
        app = make_site(sqlite_url, GATEHOUSE_MAIL_URL=mail_url(line), GATEHOUSE_MAIL_TIMEOUT="1s")
        tester = GatehouseTester(app)
        tester.add_user("bob", email="bob@example.org", password=None)
        command(tester, "users", "invite", "bob")
        assert "1 to be tried again" in command(tester, "mail", "work", "--once")
        line.mend()
        for _ in range(4):
            tester.clock.move(timedelta(hours=1))
            command(tester, "mail", "work", "--once")
        assert len(mailbox.messages) == 2
        assert len(set(ids(mailbox.messages))) == 1
