"""The real site: `gatehouse run` in a process of its own, on a free port, in a home of its own."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

#: Seconds within which the site has to say or do what is waited for.
PATIENCE = 20

COMMAND = str(Path(sys.executable).with_name("gatehouse"))


def free_port() -> int:
    """Return a port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return this process's environment without what would change the site, and with `more`."""
    ours = ("GATEHOUSE_", "FLASK_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(ours) and name not in {"HOST", "PORT"}
    }
    return {**kept, "GATEHOUSE_HOME": str(home), **more}


class Site:
    """One run of the site. What it prints is kept and can be waited for."""

    def __init__(self, home: Path, *arguments: str, **variables: str) -> None:
        """Start it; `ready` waits until it answers."""
        self.home = home
        self.host = variables.setdefault("HOST", "127.0.0.1")
        self.port = int(variables.setdefault("PORT", str(free_port())))
        self.url = f"http://{self.host}:{self.port}"
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            [COMMAND, "run", *arguments],
            env=environment(home, **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # As a shell starts it: Ctrl-C reaches all of its processes and no other.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        try:
            return self.ready()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def output(self) -> str:
        """Everything that was printed so far."""
        with self._changed:
            return "".join(self._lines)

    def ready(self) -> Self:
        """Wait until the site answers."""
        self.wait_for("Booting worker")
        assert self.ask("/healthz")[0] == 200
        return self

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until what was printed matches."""
        until = time.monotonic() + PATIENCE
        with self._changed:
            while not (found := re.search(pattern, "".join(self._lines))):
                left = until - time.monotonic()
                if self._ended or left <= 0:
                    raise AssertionError(f"no {pattern!r} in:\n{''.join(self._lines)}")
                self._changed.wait(left)
            return found

    def setup_path(self) -> str:
        """Return the path of the set-up link, as printed."""
        return self.wait_for(re.escape(self.url) + r"(/setup/[\w-]+/)")[1]

    def workers(self) -> list[int]:
        """Return the process ids of the workers, in the order in which they were started."""
        return [int(each) for each in re.findall(r"Booting worker with pid: (\d+)", self.output)]

    def ask(self, path: str, **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
        """Ask for a page as a plain client: status, text and headers."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={**headers, "Connection": "close"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        finally:
            connection.close()

    def link_in_letter(self, address: str, kind: str) -> str:
        """Wait for a letter with such a link in the folder in which it keeps its letters."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for path in (self.home / "outbox").glob("*.eml"):
                letter = path.read_text("ascii")
                found = re.search(rf"^{self.url}/{kind}/[\w-]+/$", letter, re.MULTILINE)
                if f"To: {address}\n" in letter and found:
                    return found[0]
            time.sleep(0.02)
        raise AssertionError(f"no letter with a link to {kind} for {address}\n{self.output}")

    def interrupt(self) -> None:
        """Do what Ctrl-C does at a terminal."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Wait until it has ended by itself, with all of its output; return its exit status."""
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def stop(self) -> int:
        """Tell it to stop, and wait until it has."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.end()
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                with self._changed:
                    self._lines.append(line)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
