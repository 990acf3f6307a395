"""Letters: queueing many in one transaction, and handing them to a mail server on this machine.

Nothing is compared with the peers, who have no outbox. The mail server is a process of its own;
run as `python -m bench.letters SECONDS` this is it: it takes so long for each letter, and its first
line is the port on which it answers.
"""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns, process_time_ns, sleep
from typing import TYPE_CHECKING

from bench import wsgi
from bench.contenders import USER, gatehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

ROOT = Path(__file__).parent.parent

LETTERS = 1_000
"""Letters of one transaction, which are then sent."""

LINK = "https://example.org/invitation/an-example-of-a-secret-of-43-characters-000/"


SLOW = 2.0
"""Seconds that a slow mail server takes for each letter."""

PAUSE = 0.05
"""Seconds between two people who ask, in which a letter may leave."""

SERVERS = ("up", "slow", "stopped")


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


def answers(folder: Path, times: int) -> dict[str, list[float]]:
    """Time asking for a new password, with a mail server in each state, in turns.

    Letters are sent by a thread of the same process, as on the site.
    """
    taken: dict[str, list[float]] = {state: [] for state in SERVERS}
    with ExitStack() as stack:
        ports = {"up": stack.enter_context(_mail_server())}
        ports["slow"] = stack.enter_context(_mail_server(SLOW))
        with _mail_server() as ports["stopped"]:
            pass
        sites = {
            state: stack.enter_context(_sending(folder / state, ports[state])) for state in SERVERS
        }
        for turn in range(times + 1):
            for state, app in sites.items():
                asked = _ask(app)
                if turn:  # The first turn warms up.
                    taken[state].append(asked)
                sleep(PAUSE)
    return taken


@contextmanager
def _sending(folder: Path, port: int) -> Iterator[Flask]:
    """Make a site in which a thread sends letters."""
    from flask_gatehouse.features.mail.worker import (  # noqa: PLC0415 - as the contender's.
        OutboxWorker,
    )

    folder.mkdir(parents=True)
    gatehouse.prepare(folder)
    many = ("RECOVERY_ACCOUNT", "RECOVERY_NETWORK")
    app = gatehouse.create_app(
        folder,
        GATEHOUSE_MAIL_URL=f"smtp://127.0.0.1:{port}?tls=none",
        **{f"GATEHOUSE_{name}": "100000/1m" for name in many},
    )
    with app.app_context():
        works = app.extensions["gatehouse"].works
    worker = OutboxWorker.of(works, inside=app.app_context).start()
    try:
        yield app
    finally:
        worker.stop()
        with app.app_context():
            works.engine.dispose()


def _ask(app: Flask) -> float:
    """Ask for a letter to somebody who is there; return how long the answer took."""
    visitor = wsgi.Visitor(app)
    fields = visitor.fill_login("/login/", {})
    form = {"username": USER, "csrf_token": fields["csrf_token"]}
    began = perf_counter_ns()
    answer = visitor.post("/recover/", form)
    taken = perf_counter_ns() - began
    if answer.status not in wsgi.REDIRECTS:
        message = f"/recover/ answered {answer.status}"
        raise wsgi.UnexpectedAnswerError(message)
    return taken


@contextmanager
def _mail_server(seconds: float = 0) -> Iterator[int]:
    """Let a mail server run that takes so long for each letter, and yield its port."""
    words = [sys.executable, "-m", "bench.letters", str(seconds)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield int(server.stdout.readline() if server.stdout else "")
        finally:
            server.terminate()


async def _serve(seconds: float) -> None:
    """Take every letter, and keep none."""
    from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - for this process alone.

    class Sink:
        async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - aiosmtpd's name.
            await asyncio.sleep(seconds)
            return "250 OK"

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Sink(), loop=loop, hostname="mail.test"), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
