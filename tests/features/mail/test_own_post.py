"""A host's own way out for letters, and what a page does while letters wait."""

from collections import Counter
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from flask_gatehouse import Gatehouse, NotDelivered, Post
from flask_gatehouse.db.upkeep import Upkeep
from flask_gatehouse.features.mail.worker import Bell
from flask_gatehouse.testing import PASSWORD, GatehouseTester, settings_for_tests
from tests.conftest import MakeSite
from tests.drills.line import Line
from tests.features.mail.smtp_server import Mailbox, serving
from tests.forms import send


class Pigeons(Post):
    """Takes letters, if it is not raining."""

    def __init__(self) -> None:
        self.raining = False
        self.carried: list[EmailMessage] = []

    def deliver(self, message: EmailMessage) -> None:
        if self.raining:
            raise NotDelivered("it is raining")
        self.carried.append(message)


def host(home: Path, post: Post) -> tuple[Flask, GatehouseTester]:
    app = Flask("host")
    app.config.update(settings_for_tests(home))
    Gatehouse(app, post=post)
    return app, GatehouseTester(app)


def work(app: Flask, *words: str) -> str:
    done = app.test_cli_runner().invoke(args=["gatehouse", "mail", *words])
    assert done.exit_code == 0, done.output
    return done.output


def invite(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["gatehouse", "users", "invite", "ann"])
    assert done.exit_code == 0, done.output


def test_letters_leave_by_the_way_of_the_host(tmp_path: Path) -> None:
    pigeons = Pigeons()
    app, tester = host(tmp_path, pigeons)
    tester.add_user("ann", email="ann@example.org")
    invite(app)
    assert work(app, "work", "--once").startswith("1 sent")
    (letter,) = pigeons.carried
    assert letter["To"] == "ann@example.org"
    assert not (tmp_path / "outbox").exists()


def test_what_the_hosts_way_does_not_take_is_tried_again(tmp_path: Path) -> None:
    pigeons = Pigeons()
    pigeons.raining = True
    app, tester = host(tmp_path, pigeons)
    tester.add_user("ann", email="ann@example.org")
    invite(app)
    assert "1 to be tried again" in work(app, "work", "--once")


def statements_of_a_sign_in(app: Flask) -> tuple[int, str | None, Counter[str]]:
    """Sign in on a device that is new, of which a letter tells; return the answer and the work."""
    tester = GatehouseTester(app)
    tester.add_user("ann", email="ann@example.org")
    sign_in(app.test_client())
    work_done: Counter[str] = Counter()

    def count(*arguments: object) -> None:
        work_done[str(arguments[2]).partition(" ")[0]] += 1

    event.listen(app.extensions["gatehouse"].works.engine, "before_cursor_execute", count)
    status, location = sign_in(app.test_client())
    return status, location, work_done


def sign_in(client: FlaskClient) -> tuple[int, str | None]:
    answer = send(client, "/login/", username="ann", password=PASSWORD)
    return answer.status_code, answer.location


def test_a_page_does_the_same_work_whatever_the_mail_server_does(
    make_site: MakeSite, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        line = stack.enter_context(Line("127.0.0.1", stack.enter_context(serving(Mailbox()))))
        silent = f"smtp://127.0.0.1:{line.port}?tls=none"
        line.block()
        ways = {"up": "file:", "silent": silent, "down": "smtp://127.0.0.1:1?tls=none"}
        seen = {
            way: statements_of_a_sign_in(
                make_site(f"sqlite:///{tmp_path / way}.db", GATEHOUSE_MAIL_URL=url)
            )
            for way, url in ways.items()
        }
        assert line.held == 0
    assert seen["up"][:2] == (303, "/admin/")
    assert seen["silent"] == seen["down"] == seen["up"]


@pytest.mark.parametrize(("worker", "runs"), [("thread", True), ("none", False)])
def test_a_setting_says_whether_processes_that_serve_send(
    make_site: MakeSite, sqlite_url: str, worker: str, *, runs: bool
) -> None:
    app = make_site(sqlite_url, GATEHOUSE_MAIL_WORKER=worker)
    GatehouseTester(app)
    Gatehouse.start_background_work(app)
    state = app.extensions["gatehouse"]
    found = state.house.part(Bell).worker
    state.house.part(Upkeep).stop()
    assert (found is not None and found.running) is runs
    if found is not None:
        found.stop()
