"""Four processes send from one outbox."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.features.mail.houses import house_of, room_of
from tests.features.mail.smtp_server import Mailbox, serving

LETTERS = 200


@pytest.mark.timeout(120)
def test_four_processes_send_each_letter_once(
    every_engine: Engine, home: Path, mailbox: Mailbox
) -> None:
    room = room_of(house_of(home), every_engine)
    for number in range(LETTERS):
        room.post(f"n{number}@example.org")
    with serving(mailbox) as port:
        address = every_engine.url.render_as_string(hide_password=False)
        words = [address, str(home), f"smtp://127.0.0.1:{port}?tls=none"]
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.features.mail.sending", *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        told = [process.communicate()[0] for process in processes]

    assert [process.returncode for process in processes] == [0] * 4
    assert sum(map(int, told)) == LETTERS
    assert Counter(str(message["To"]) for message in mailbox.messages) == {
        f"n{number}@example.org": 1 for number in range(LETTERS)
    }
    assert Counter(row.name for row in room.record()) == {
        "mail.posted": LETTERS,
        "mail.sent": LETTERS,
    }
