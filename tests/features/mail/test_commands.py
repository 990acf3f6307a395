"""`gatehouse mail …`."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine

from flask_gatehouse.cli.group import build_group
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.mail.feature import FEATURE
from flask_gatehouse.features.mail.sentences import SENTENCES
from flask_gatehouse.web.work import EXTENSION
from tests.features.mail.houses import LINK, PostRoom, house_of, room_of
from tests.features.mail.smtp_server import Mailbox, read, serving


@dataclass
class State:
    """What the extension keeps for an application."""

    works: Works


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def run(room: PostRoom, *words: str) -> Result:
    app = Flask("host")
    room.works.house.furnish([Sentences(SENTENCES)])
    app.extensions[EXTENSION] = State(room.works)
    group = build_group([FEATURE])
    return app.test_cli_runner().invoke(group, ["mail", *words])


def test_work_sends_until_nothing_is_due(room: PostRoom, outbox_folder: Path) -> None:
    for number in range(60):
        room.post(f"n{number}@example.org")
    done = run(room, "work", "--once")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "60 sent, 0 to be tried again, 0 given up\n"
    assert len(list(outbox_folder.iterdir())) == 60


def test_work_watches_until_it_is_told_to_end(room: PostRoom, outbox_folder: Path) -> None:
    def end_when_sent() -> None:
        while not list(outbox_folder.glob("*.eml")):
            threading.Event().wait(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    room.post()
    ending = threading.Thread(target=end_when_sent)
    ending.start()
    assert run(room, "work").exit_code == 0
    ending.join()
    assert signal.getsignal(signal.SIGTERM) is before
    assert room.letter().sent_at is not None


def test_list_tells_what_waits_and_what_was_sent_but_not_what_it_says(room: PostRoom) -> None:
    room.post("one@example.org")
    run(room, "work", "--once")
    room.post("two@example.org")
    listed = run(room, "list", "--json")
    told = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(each["recipient"], each["state"]) for each in told] == [
        ("two@example.org", "waiting"),
        ("one@example.org", "sent"),
    ]
    assert told[0] == {
        "id": told[0]["id"],
        "letter": "invitation",
        "user_id": None,
        "recipient": "two@example.org",
        "subject": "Choose your password for Club",
        "state": "waiting",
        "attempts": 0,
        "created_at": "2026-06-15T12:00:00+00:00",
        "next_try_at": "2026-06-15T12:00:00+00:00",
        "sent_at": None,
        "dead_at": None,
    }
    for shown in (listed.stdout, run(room, "list").stdout):
        assert LINK not in shown
        assert len(shown.splitlines()) == 2


def test_a_test_letter_is_sent_at_once_and_leaves_nothing(
    room: PostRoom, outbox_folder: Path
) -> None:
    tried = run(room, "test", "admin@example.org")
    assert (tried.exit_code, tried.stdout) == (0, "Delivered: the letter was accepted.\n")
    (path,) = outbox_folder.iterdir()
    message = read(path.read_bytes())
    assert (message["To"], message["Subject"]) == ("admin@example.org", "A test letter from Club")
    assert room.letters() == []


def test_a_test_letter_that_is_refused_says_why_on_standard_error(
    engine: Engine, home: Path, mailbox: Mailbox, stack: ExitStack
) -> None:
    mailbox.answer_to_rcpt = "550 nobody"
    port = stack.enter_context(serving(mailbox))
    url = f"smtp://127.0.0.1:{port}?tls=none"
    room = room_of(house_of(home, GATEHOUSE_MAIL_URL=url), engine)
    tried = run(room, "test", "admin@example.org")
    assert (tried.exit_code, tried.stdout) == (1, "")
    assert tried.stderr == "Error: Not delivered: the server refused the recipient (550).\n"


@pytest.mark.parametrize("address", ["admin", "a@example.org,b@example.org", "a@b\nBcc: c@d"])
def test_a_test_letter_goes_to_one_plain_address(room: PostRoom, address: str) -> None:
    tried = run(room, "test", address)
    assert (tried.exit_code, tried.stdout) == (1, "")
    assert "not an e-mail address" in tried.stderr


def test_letters_that_were_given_up_are_listed_and_tried_again(engine: Engine, home: Path) -> None:
    mailbox = Mailbox(answer_to_rcpt="550 nobody")
    with serving(mailbox) as port:
        url = f"smtp://127.0.0.1:{port}?tls=none"
        room = room_of(house_of(home, GATEHOUSE_MAIL_URL=url), engine)
        room.post("one@example.org")
        room.post("two@example.org")
        assert run(room, "work", "--once").stdout.startswith("0 sent, 0 to be tried again, 2 given")
        room.post("three@example.org")
        listed = [
            json.loads(line)
            for line in run(room, "list", "--dead", "--json").stdout.split("\n")
            if line
        ]
        assert {row["recipient"] for row in listed} == {"one@example.org", "two@example.org"}

        mailbox.answer_to_rcpt = "250 OK"
        assert run(room, "retry", listed[0]["id"]).stdout == "1 to be tried again\n"
        assert run(room, "retry", "--dead").stdout == "1 to be tried again\n"
        assert run(room, "work", "--once").stdout.startswith("3 sent")
    assert len(mailbox.messages) == 3


def test_what_was_not_given_up_is_not_tried_again(room: PostRoom) -> None:
    room.post()
    done = run(room, "retry", str(room.letter().id))
    assert (done.exit_code, done.stdout) == (1, "")
    assert room.letter().attempts == 0


@pytest.mark.parametrize("words", [(), ("--dead", "0" * 32)])
def test_retry_wants_to_know_which(room: PostRoom, words: tuple[str, ...]) -> None:
    assert run(room, "retry", *words).exit_code == 2


def test_a_dropped_letter_is_not_sent(room: PostRoom, outbox_folder: Path) -> None:
    room.post()
    assert run(room, "drop", str(room.letter().id)).stdout == "Dropped.\n"
    run(room, "work", "--once")
    assert not outbox_folder.exists()


def test_what_was_sent_cannot_be_dropped(room: PostRoom) -> None:
    room.post()
    run(room, "work", "--once")
    assert run(room, "drop", str(room.letter().id)).exit_code == 1
    assert room.letter().sent_at is not None


def test_preview_lists_the_letters(room: PostRoom) -> None:
    assert {"invitation", "new_device", "test"} <= set(run(room, "preview").stdout.split())


@pytest.mark.parametrize(
    ("form", "said"),
    [("text", "Subject: Choose your"), ("html", "<!doctype html>"), ("eml", "Message-ID: <")],
)
def test_preview_prints_a_letter_and_sends_none(
    room: PostRoom, outbox_folder: Path, form: str, said: str
) -> None:
    done = run(room, "preview", "invitation", "--format", form)
    assert said in done.stdout
    assert (room.letters(), outbox_folder.exists()) == ([], False)


def test_a_letter_that_is_not_there_has_no_preview(room: PostRoom) -> None:
    done = run(room, "preview", "nothing")
    assert (done.exit_code, done.stdout) == (1, "")
