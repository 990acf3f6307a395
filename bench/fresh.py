"""Measuring in processes of their own: start, memory, and counting SQL.

Run as `python -m bench.fresh ACTION NAME FOLDER`; each prints one line of JSON.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contenders import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ROOT = Path(__file__).parent.parent

START = """
import time
began, cpu = time.perf_counter_ns(), time.process_time_ns()
import sys
from importlib import import_module
from pathlib import Path
import_module("bench.contenders." + sys.argv[1]).CONTENDER.create_app(Path(sys.argv[2]))
print([time.perf_counter_ns() - began, time.process_time_ns() - cpu])
"""
"""The whole program of a start: nothing of the benchmark is imported but the contender."""


class ContenderFailedError(Exception):
    """A process of a contender ended in an error; its last line says which."""


def _run(arguments: Iterable[str]) -> Any:  # noqa: ANN401 - whatever the process printed
    """Run one process to its end and read the JSON in its last line."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise ContenderFailedError(lines[-1])
    return json.loads(done.stdout.strip().splitlines()[-1])


def ask(action: str, name: str, folder: Path) -> Any:  # noqa: ANN401 - as `_run`
    """Do one of the actions of this module in a fresh process.

    Raises:
        ContenderFailedError: the process did not end well.
    """
    return _run(["-m", "bench.fresh", action, name, str(folder)])


@dataclass(frozen=True)
class Starts:
    """Nanoseconds of every start of each contender: by the clock, and of processor time."""

    wall: dict[str, list[float]]
    cpu: dict[str, list[float]]


def starts(names: Iterable[str], folder: Path, times: int) -> Starts:
    """Start every contender in turns.

    One more turn than asked for, first and unmeasured, compiles what is not yet
    compiled and brings the files into memory.
    """
    taken = Starts({name: [] for name in names}, {name: [] for name in names})
    for turn in range(times + 1):
        for name in taken.wall:
            wall, cpu = _run(["-c", START, name, str(folder / name)])
            if turn:
                taken.wall[name].append(wall)
                taken.cpu[name].append(cpu)
    return taken


def prepare(name: str, folder: Path) -> None:
    """Make the database of a contender, with its one user."""
    load(name).prepare(folder)


def memory(name: str, folder: Path) -> dict[str, float]:
    """Build, sign in once, and tell the memory of this process in MiB."""
    from bench.measure import Running  # noqa: PLC0415 - a start must not pay for it.

    contender = load(name)
    running = Running(contender, contender.create_app(folder))
    running.signed_in() if contender.login else running.visitor().get("/private")
    return _own_memory()


def _own_memory() -> dict[str, float]:
    """Return the resident memory, now and at its highest, in MiB."""
    status = Path("/proc/self/status")
    if not status.exists():
        import resource  # noqa: PLC0415 - absent on Windows.

        unit = 1024 if sys.platform != "darwin" else 1024 * 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
        return {"resident": peak, "peak": peak}
    fields = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", status.read_text(), re.MULTILINE))
    return {"resident": int(fields["VmRSS"]) / 1024, "peak": int(fields["VmHWM"]) / 1024}


def traffic(name: str, folder: Path) -> dict[str, Any]:
    """Count the statements that SQLite is sent for each page, and read `Vary`."""
    statements = _tap()
    from bench.measure import Running  # noqa: PLC0415 - after the tap is in place.

    contender = load(name)
    running = Running(contender, contender.create_app(folder))
    stranger, guest = running.visitor(), running.signed_in()
    pages = {
        "anonymous": lambda: stranger.get("/public"),
        "unasked": lambda: guest.get("/public"),
        "private": lambda: guest.get("/private"),
    }
    counted = {page: _most(statements, fetch) for page, fetch in pages.items()}
    vary = ",".join(stranger.get("/public").header("Vary")).lower()
    return {
        "statements": {page: len(sent) for page, sent in counted.items()},
        "sql": counted,
        "vary_cookie": int("cookie" in vary),
    }


def _tap() -> list[str]:
    """See every statement of every SQLite connection opened from now on.

    Transaction control is left out: what is counted is what the database must look up.
    """
    statements: list[str] = []
    control = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "--")
    real = sqlite3.connect

    def note(statement: str) -> None:
        if not statement.lstrip().upper().startswith(control):
            statements.append(" ".join(statement.split()))

    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:  # noqa: ANN401 - passed on
        connection: sqlite3.Connection = real(*args, **kwargs)
        connection.set_trace_callback(note)
        return connection

    sqlite3.connect = sqlite3.dbapi2.connect = connect  # type: ignore[assignment]
    return statements


def _most(statements: list[str], fetch: Callable[[], object]) -> list[str]:
    """Return the statements of the costliest of some requests, after warming up."""
    for _ in range(3):
        fetch()

    def each() -> Iterator[list[str]]:
        for _ in range(5):
            statements.clear()
            fetch()
            yield list(statements)

    return max(each(), key=len)


def hash_buffer(name: str, folder: Path) -> float:
    """Return the MiB that the stored hash says one verification needs, 0 if it does not say."""
    database = folder / load(name).database
    connection = sqlite3.connect(database)
    try:
        dump = "\n".join(line for line in connection.iterdump() if "$argon2" in line)
    finally:
        connection.close()
    found = re.search(r"\$argon2id?\$v=\d+\$m=(\d+)", dump)
    return int(found.group(1)) / 1024 if found else 0.0


ACTIONS: dict[str, Callable[[str, Path], object]] = {
    "prepare": prepare,
    "memory": memory,
    "traffic": traffic,
    "hash_buffer": hash_buffer,
}


if __name__ == "__main__":
    print(json.dumps(ACTIONS[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))))
