"""A storm of sign-ins: what it does to everybody else, with a real server of two processes.

Somebody signed in fetches the private page fifty times a second, on a schedule that waits for
nobody. First nothing else happens, then many sign in at once and come back when they are told to.
Run as `python -m bench.storm ACTION …` this module is one of the other processes of the measure.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from bench import fresh, wsgi
from bench.contenders import USER, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIApplication

PROCESSES: Final = 2
STORM_CLIENTS: Final = 32
SIGN_IN_CLIENTS: Final = 8

#: Private pages a second.
RATE: Final = 50

#: Seconds within which a server has to start, and an answer to come.
PATIENCE: Final = 30

#: Connections of the visitor of the private page; more than ever wait for an answer.
_VISITS: Final = 64

_SERVER_BUSY: Final = 503


@dataclass(frozen=True)
class Weather:
    """What the visitor saw, and what the server needed, in one stretch of time."""

    seconds: list[float]
    failed: int
    #: The most memory of a process so far, in MiB.
    memory: float

    @property
    def p50(self) -> float:
        """Return the median of the waits, in milliseconds."""
        return median(self.seconds) * 1000

    @property
    def p99(self) -> float:
        """Return what one page in a hundred took longer than, in milliseconds."""
        return quantiles(self.seconds, n=100, method="inclusive")[98] * 1000


@dataclass(frozen=True)
class Storm:
    """What was done by those who signed in."""

    done: int
    told_to_wait: int
    failed: int
    #: The longest that a refusal took, in milliseconds.
    slowest_refusal: float


@dataclass(frozen=True)
class Drill:
    """One round: calm weather, then the storm."""

    calm: Weather
    rough: Weather
    storm: Storm


def drill(name: str, folder: Path, *, threads: int, seconds: float) -> Drill:
    """Measure the private page of one contender, before a storm and in it."""
    with served(name, folder, threads) as server:
        client = warm_up(server, name)
        calm = _visit(server, client, seconds)
        with _others("clients", name, server.port, STORM_CLIENTS, seconds) as told:
            time.sleep(min(1.0, seconds / 5))
            rough = _visit(server, client, seconds - min(2.0, seconds / 3))
            storm = Storm(**told())
        return Drill(calm, rough, storm)


@dataclass(frozen=True)
class Rate:
    """How many were done a second, and what each cost the processor, in seconds."""

    a_second: float
    processor: float


def rate(name: str, folder: Path, *, threads: int, seconds: float) -> Rate:
    """Return the sign-ins of a contender while a few clients do nothing else.

    What each cost is that of the server's processes: fetching the form and sending it.
    """
    with served(name, folder, threads) as server:
        warm_up(server, name)
        before = server.processor()
        with _others("clients", name, server.port, SIGN_IN_CLIENTS, seconds) as told:
            done = told()["done"]
        return Rate(done / seconds, (server.processor() - before) / max(1, done))


def warm_up(server: _Server, name: str) -> Client:
    """Have every process load what it loads with the first sign-in; return somebody signed in."""
    client = Client(server.port, name)
    for number in range(4 * PROCESSES):
        client.send(client.open_form(f"10.9.0.{number + 1}"))
    return client


def rate_of_hashing(name: str, folder: Path, *, seconds: float) -> Rate:
    """Return the hashes of as many processes that do nothing else."""
    with (
        _others("hashes", name, folder, seconds) as one,
        _others("hashes", name, folder, seconds) as other,
    ):
        both = one(), other()
    done = sum(each["done"] for each in both)
    return Rate(done / seconds, sum(each["processor"] for each in both) / max(1, done))


# The server


@dataclass(frozen=True)
class _Server:
    port: int
    process: subprocess.Popen[bytes]

    def memory(self) -> float:
        """Return the most memory that one of its processes ever had, in MiB."""
        found = [0.0]
        for each in self._processes():
            peak = re.search(r"^VmHWM:\s+(\d+) kB", (each / "status").read_text(), re.MULTILINE)
            found.append(int(peak[1]) / 1024 if peak else 0.0)
        return max(found)

    def processor(self) -> float:
        """Return the processor time that its processes have needed so far, in seconds."""
        ticks = 0
        for each in self._processes():
            # Fields 14 and 15; the name before them may hold spaces. Source: proc_pid_stat(5).
            _, _, fields = (each / "stat").read_text().rpartition(")")
            ticks += sum(map(int, fields.split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def _processes(self) -> list[Path]:
        """Return the folders in /proc of those that serve."""
        found = []
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):
                if re.search(rf"^PPid:\s+{self.process.pid}$", status.read_text(), re.MULTILINE):
                    found.append(status.parent)
        return found


@contextmanager
def served(name: str, folder: Path, threads: int) -> Iterator[_Server]:
    """Serve a contender by gunicorn on this machine only; stop it afterwards."""
    port = _free_port()
    command = [
        *("-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--log-level", "critical"),
        *("--worker-class", "gthread", "--workers", str(PROCESSES), "--threads", str(threads)),
        *("--graceful-timeout", "5", "--worker-tmp-dir", str(folder)),
        f"bench.storm:application({name!r}, {str(folder)!r})",
    ]
    settings = {
        "WEB_CONCURRENCY": str(PROCESSES),
        "GATEHOUSE_PASSWORDS_HASH_PLACES": str(threads // 2),
        # Every sign-in comes from an address of its own, as in a real storm, and all are of one
        # account, which is no limit of a real one.
        "GATEHOUSE_THROTTLING_ACCOUNT": "1000000/1h",
        "GATEHOUSE_TRUSTED_PROXIES": "1",
        "GATEHOUSE_SESSIONS_PER_USER": "1000",
    }
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=fresh.ROOT,
        env={**os.environ, **settings},
        # A line for everybody who is turned away.
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(port, process)
        yield _Server(port, process)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def application(name: str, folder: str) -> WSGIApplication:
    """Make a contender's application, in a process of the server."""
    return load(name).create_app(Path(folder))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers. Raises: ContenderFailedError."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        with suppress(OSError, HTTPException):
            if _fetch(port, "GET", "/public").status == wsgi.OK:
                return
        time.sleep(0.05)
    message = "its server did not start"
    raise fresh.ContenderFailedError(message)


# Whoever asks


def _fetch(
    port: int,
    method: str,
    path: str,
    *,
    form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> wsgi.Answer:
    """Ask in a connection of its own, so that every process gets its share."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    sent = {"Host": "127.0.0.1:5000", "Connection": "close", **(headers or {})}
    if form is not None:
        sent |= {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": "http://127.0.0.1:5000",
            "Sec-Fetch-Site": "same-origin",
        }
    try:
        connection.request(method, path, urlencode(form) if form is not None else None, sent)
        answer = connection.getresponse()
        return wsgi.Answer(answer.status, answer.getheaders(), answer.read())
    finally:
        connection.close()


class Client:
    """A browser in front of a served contender."""

    def __init__(self, port: int, name: str) -> None:
        login = load(name).login
        assert login is not None
        self._port = port
        self._login = login
        self._jar: dict[str, str] = {}
        self._headers: dict[str, str] = {}

    def open_form(self, address: str) -> dict[str, str]:
        """Come from an address as somebody new; return the login form, filled in."""
        self._jar.clear()
        self._headers["X-Forwarded-For"] = address
        page = self._ask("GET", self._login.path)
        return wsgi.hidden_fields(page.body) | self._login.fields(USER)

    def send(self, form: dict[str, str]) -> wsgi.Answer:
        """Send the login form."""
        return self._ask("POST", self._login.path, form)

    @property
    def cookies(self) -> str:
        """Return the cookies it has, as a header sends them."""
        return "; ".join(f"{name}={value}" for name, value in self._jar.items())

    def visit(self) -> bool:
        """Fetch the private page; tell whether it was ours."""
        try:
            answer = self._ask("GET", "/private", keep=False)
        except (OSError, HTTPException):
            return False
        return answer.status == wsgi.OK and USER.encode() in answer.body

    def _ask(
        self, method: str, path: str, form: dict[str, str] | None = None, *, keep: bool = True
    ) -> wsgi.Answer:
        headers = {**self._headers, **({"Cookie": self.cookies} if self._jar else {})}
        answer = _fetch(self._port, method, path, form=form, headers=headers)
        if keep:
            visitor = wsgi.Visitor(_nothing, jar=self._jar)
            visitor.keep(answer)
        return answer


def _nothing(*_: object) -> list[bytes]:
    """Stand where an application is wanted and none is called."""
    return []


def _visit(server: _Server, client: Client, seconds: float) -> Weather:
    """Fetch the private page on a schedule; a wait is counted from when it was due."""
    begins = time.perf_counter() + 0.1

    def once(number: int) -> float | None:
        due = begins + number / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        good = client.visit()
        return time.perf_counter() - due if good else None

    with ThreadPoolExecutor(_VISITS) as visits:
        taken = list(visits.map(once, range(int(seconds * RATE))))
    good = [each for each in taken if each is not None]
    return Weather(good or [float("inf")] * 2, len(taken) - len(good), server.memory())


# The other processes


@contextmanager
def _others(*arguments: object) -> Iterator[Any]:
    """Run an action of this module beside us; what it told is there when it has ended."""
    command = [sys.executable, "-m", "bench.storm", *map(str, arguments)]
    with subprocess.Popen(command, cwd=fresh.ROOT, stdout=subprocess.PIPE) as process:

        def told() -> dict[str, Any]:
            out, _ = process.communicate(timeout=4 * PATIENCE)
            if process.returncode:
                message = f"{arguments[0]} ended with {process.returncode}"
                raise fresh.ContenderFailedError(message)
            found: dict[str, Any] = json.loads(out)
            return found

        try:
            yield told
        finally:
            process.kill()


class _Crowd:
    """Many who sign in, again and again, until the time is over."""

    def __init__(self, name: str, port: int, seconds: float) -> None:
        self._name, self._port = name, port
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._turn = 0
        self.told = {"done": 0, "told_to_wait": 0, "failed": 0, "slowest_refusal": 0.0}

    def come(self, _: int) -> None:
        """Be one of them: sign in, or wait as long as one is told to."""
        client = Client(self._port, self._name)
        while (left := self._ends - time.monotonic()) > 0:
            try:
                form = client.open_form(self._next_address())
                began = time.monotonic()
                answer = client.send(form)
            except (OSError, HTTPException):
                self._note("failed")
                continue
            if time.monotonic() > self._ends:
                return
            if answer.status in wsgi.REDIRECTS:
                self._note("done")
            elif answer.status == _SERVER_BUSY:
                self._note("told_to_wait", (time.monotonic() - began) * 1000)
                time.sleep(min(left, float(answer.header("Retry-After")[0])))
            else:
                self._note("failed")

    def _next_address(self) -> str:
        with self._lock:
            self._turn += 1
            high, low = divmod(self._turn + os.getpid() * 100, 250)
            return f"10.{high // 250 % 250}.{high % 250}.{low + 1}"

    def _note(self, what: str, refusal: float = 0.0) -> None:
        with self._lock:
            self.told[what] += 1
            self.told["slowest_refusal"] = max(self.told["slowest_refusal"], refusal)


def _clients(name: str, port: str, number: str, seconds: str) -> dict[str, float]:
    crowd = _Crowd(name, int(port), float(seconds))
    with ThreadPoolExecutor(int(number)) as threads:
        list(threads.map(crowd.come, range(int(number))))
    return crowd.told


def _hashes(name: str, folder: str, seconds: str) -> dict[str, float]:
    login = load(name).login
    assert login is not None
    verify = login.hash_alone(application(name, folder))
    verify()
    ends, done = time.monotonic() + float(seconds), 0
    began = time.process_time()
    while time.monotonic() < ends:
        verify()
        done += 1
    return {"done": done, "processor": time.process_time() - began}


if __name__ == "__main__":
    actions = {"clients": _clients, "hashes": _hashes}
    print(json.dumps(actions[sys.argv[1]](*sys.argv[2:])))
