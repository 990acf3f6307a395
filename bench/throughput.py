"""How many private pages a real server answers a second, as wrk counts them."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from bench import storm, wsgi
from bench.contenders import load
from bench.fresh import ContenderFailedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: Threads of each of the server's processes, and connections that wrk keeps busy.
THREADS: Final = 8
_CONNECTIONS: Final = 16

_COUNTED: Final = re.compile(r"^Requests/sec:\s+([\d.]+)$", re.MULTILINE)
_WRONG: Final = re.compile(r"Non-2xx or 3xx responses: (\d+)")


def rates(
    names: Iterable[str], folder: Path, *, rounds: int, seconds: float
) -> dict[str, list[float]]:
    """Return the private pages a second of each contender, in turns.

    Raises:
        ContenderFailedError: wrk is not there, or an answer was wrong.
    """
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, figures in taken.items():
            figures.append(_rate(name, folder / name, seconds))
    return taken


def _rate(name: str, folder: Path, seconds: float) -> float:
    program = shutil.which("wrk")
    if program is None:
        message = "wrk is not installed"
        raise ContenderFailedError(message)
    with storm.served(name, folder, THREADS) as server:
        cookies = ""
        if load(name).login is not None:
            cookies = storm.warm_up(server, name).cookies
        command = [
            *(program, "-t", "1", "-c", str(_CONNECTIONS), "-d", f"{max(1, round(seconds))}s"),
            *("-H", f"Host: {wsgi.HOST}:{wsgi.PORT}", "-H", f"Cookie: {cookies}"),
            # Connections that stay open stay with the process that took them, often one for all.
            *("-H", "Connection: close"),
            f"http://127.0.0.1:{server.port}/private",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = _COUNTED.search(done.stdout)
    if found is None or _WRONG.search(done.stdout):
        message = f"{name} did not answer wrk as it should"
        raise ContenderFailedError(message)
    return float(found[1])
