"""Letters: queueing many in one transaction, and handing them to a mail server on this machine.

Nothing is compared with the peers, who have no outbox. The mail server is a process of its own;
run as `python -m bench.letters` this is it, and its first line is the port on which it answers.
"""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns, process_time_ns
from typing import TYPE_CHECKING

from bench import wsgi
from bench.contenders import gatehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

ROOT = Path(__file__).parent.parent

LETTERS = 1_000
"""Letters of one transaction, which are then sent."""

LINK = "https://example.org/invitation/an-example-of-a-secret-of-43-characters-000/"


@dataclass(frozen=True)
class Taken:
    """Nanoseconds for all letters, by the clock and of this process's processor time."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Round:
    """What one round took: queueing all letters, sending them, and what sending takes anyway."""

    queued: Taken
    sent: Taken
    alone: Taken
    """Handing as many messages of one size over by `smtplib`, and nothing else."""


def rounds(folder: Path, url: str | None, times: int) -> list[Round]:
    """Queue and send, several times; once more than asked for, first and unmeasured."""
    folder.mkdir(parents=True)
    where: dict[str, object] = {} if url is None else {"GATEHOUSE_DATABASE_URL": url}
    with _mail_server() as port:
        mail = {"GATEHOUSE_MAIL_URL": f"smtp://127.0.0.1:{port}?tls=none"}
        gatehouse.prepare(folder, **where)
        app = gatehouse.create_app(folder, **where, **mail)
        taken = [_round(app, port) for _ in range(times + 1)]
    with app.app_context():
        app.extensions["gatehouse"].works.engine.dispose()
    return taken[1:]


def _round(app: Flask, port: int) -> Round:
    # What is measured is told apart from importing what it needs.
    from flask_gatehouse.core.events import Origin  # noqa: PLC0415 - as above.
    from flask_gatehouse.features.mail import (  # noqa: PLC0415 - as the contender's.
        outbox,
        service,
    )

    works = app.extensions["gatehouse"].works

    def queue() -> None:
        with works.begin(Origin()) as work:
            for number in range(LETTERS):
                service.post(
                    work,
                    letter="invitation",
                    recipient=f"person{number}@example.org",
                    facts={"link": LINK, "hours": 24},
                )

    def send() -> None:
        done = outbox.send_all(works)
        if done != outbox.Sent(sent=LETTERS):
            message = f"of {LETTERS} letters, this became: {done}"
            raise wsgi.UnexpectedAnswerError(message)

    with app.app_context():
        return Round(_timed(queue), _timed(send), _timed(lambda: _send_alone(port)))


def _send_alone(port: int) -> None:
    """Hand over messages as large as ours, a hundred in each connection as we do."""
    message = "Subject: nothing\r\n\r\n" + "A line of a letter.\r\n" * 250
    for first in range(0, LETTERS, 100):
        with smtplib.SMTP("127.0.0.1", port, "localhost") as line:
            for number in range(first, min(first + 100, LETTERS)):
                line.sendmail("bench@example.org", f"person{number}@example.org", message)


def _timed(action: Callable[[], None]) -> Taken:
    wall, cpu = perf_counter_ns(), process_time_ns()
    action()
    return Taken(perf_counter_ns() - wall, process_time_ns() - cpu)


@contextmanager
def _mail_server() -> Iterator[int]:
    """Let a mail server run, and yield its port."""
    words = [sys.executable, "-m", "bench.letters"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield int(server.stdout.readline() if server.stdout else "")
        finally:
            server.terminate()


async def _serve() -> None:
    """Take every letter, and keep none."""
    from aiosmtpd.handlers import Sink  # noqa: PLC0415 - for this process alone.
    from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - as above.

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Sink(), loop=loop, hostname="mail.test"), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
