"""Instructions of a private page, counted by valgrind: the same figure on a busy machine.

Run as `python -m bench.instructions NAME FOLDER BOUND` under callgrind; it serves the page.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from bench.contenders import gatehouse, load
from bench.fresh import ROOT, ContenderFailedError
from bench.measure import Running
from bench.wsgi import timed

REQUESTS = 500
"""So many that starting and stopping to count is less than a hundredth of the figure."""

WARM = 30

_VALGRIND = ("valgrind", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=/dev/null")
_COLLECTED = re.compile(r"Collected\s*:\s*(\d+)")


def of_page(name: str, folder: Path, *, bound: str = "") -> float:
    """Count the instructions of one `/private`, without those of the kernel.

    Args:
        bound: how long a page may believe what was read, for ours; empty is not at all.

    Raises:
        ContenderFailedError: valgrind is not installed, or the page could not be served.
    """
    if shutil.which(_VALGRIND[0]) is None:
        message = "valgrind is not installed"
        raise ContenderFailedError(message)
    module = (sys.executable, "-m", "bench.instructions", name, str(folder), bound)
    done = subprocess.run(
        [*_VALGRIND, *module],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        # Where a dictionary keeps what is decided by this.
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    counted = _COLLECTED.search(done.stderr)
    if done.returncode or counted is None:
        message = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ContenderFailedError(message)
    return int(counted[1]) / REQUESTS


def _serve(name: str, folder: Path, bound: str) -> None:
    contender = load(name)
    app = contender.create_app(folder)
    if bound:
        app = gatehouse.create_app(folder, GATEHOUSE_SESSIONS_CACHE_FOR=bound)
    running = Running(contender, app)
    visitor = running.signed_in() if contender.login else running.visitor()
    environ = visitor.environ("/private")
    gc.collect()
    gc.freeze()
    gc.disable()
    for _ in range(WARM):
        timed(running.app, environ)
    _count("on")
    for _ in range(REQUESTS):
        timed(running.app, environ)
    _count("off")


def _count(state: str) -> None:
    """Begin or stop counting in this process, from outside, as callgrind wants it."""
    subprocess.run(
        ["callgrind_control", "-i", state, str(os.getpid())],
        stdout=subprocess.DEVNULL,
        check=True,
    )


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
