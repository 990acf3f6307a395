"""The site as a program: what it prints, how it stops, and what it survives."""

import os
import re
import signal
import socket
from pathlib import Path

import pytest

from tests.browser.running import PATIENCE, Site, free_port

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

#: Of one worker is known that it is up once it has answered. One that is told to stop before it
#: listens to signals stops only after the server's patience with it.
ONE = ("--workers", "1")

#: Everything before the server's own lines.
GREETING = """\
Bringing the tables up to date …

  Gatehouse listens at {url}/ and is reached at {url}

  Nobody has an account yet. Make the first administrator here:

  {url}/setup/…/

  Stop with Ctrl-C.

"""


def _begin_sign_in(site: Site, body: bytes) -> socket.socket:
    """Send the head of a form, and return once a worker waits for its body."""
    connection = socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE)
    head = (
        "POST /login/ HTTP/1.1",
        f"Host: 127.0.0.1:{site.port}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        "Expect: 100-continue",
        "Connection: close",
        "\r\n",
    )
    connection.sendall("\r\n".join(head).encode())
    assert connection.recv(1024).startswith(b"HTTP/1.1 100 Continue")
    return connection


def _rest(connection: socket.socket) -> bytes:
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_the_first_start_says_what_to_do(tmp_path: Path) -> None:
    with Site(tmp_path / "home", *ONE) as site:
        lines = r"^\d{4}-\d\d-\d\dT.*\n"
        greeting = re.sub(lines, "", site.output, flags=re.MULTILINE)
        assert re.sub(r"setup/[\w-]{40,}/", "setup/…/", greeting) == GREETING.format(url=site.url)
        site.interrupt()
        assert site.end() == 0
    assert "Traceback" not in site.output
    assert "ERROR" not in site.output
    for each in ("gatehouse.db", "secret_key"):
        assert (tmp_path / "home" / each).stat().st_mode & 0o777 == 0o600


def test_ctrl_c_stops_at_once_though_a_browser_is_connected(tmp_path: Path) -> None:
    with Site(tmp_path / "home", *ONE) as site:
        with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE) as connection:
            connection.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n\r\n".encode())
            assert connection.recv(1024).startswith(b"HTTP/1.1 200 OK")
            site.interrupt()
            assert site.process.wait(timeout=8) == 0
        site.end()
    assert "Traceback" not in site.output
    assert "ERROR" not in site.output


def test_a_request_that_had_begun_is_answered_before_the_end(tmp_path: Path) -> None:
    body = b"username=ada&password=wrong"
    with Site(tmp_path / "home", *ONE) as site:
        connection = _begin_sign_in(site, body)
        site.process.terminate()
        site.wait_for("Handling signal: term")
        connection.sendall(body)
        answer = _rest(connection)
        assert answer.startswith(b"HTTP/1.1 400 BAD REQUEST")
        assert answer.rstrip().endswith(b"</html>")
        assert site.end() == 0
    assert "Traceback" not in site.output


def test_a_worker_that_was_killed_is_replaced(tmp_path: Path) -> None:
    with Site(tmp_path / "home", *ONE) as site:
        (worker,) = site.workers()
        os.kill(worker, signal.SIGKILL)
        site.wait_for(r"Booting worker[\s\S]*Booting worker")
        assert site.ask("/healthz")[0] == 200
        assert site.ask(site.setup_path())[0] == 200
    assert "Traceback" not in site.output


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        site = Site(tmp_path / "home", PORT=str(port))
        assert site.end() == 1
    assert site.output == (
        f"Error: Nothing can listen at 127.0.0.1:{port} (Address already in use): "
        "choose another PORT.\n"
    )


def test_two_first_starts_at_once_share_one_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    one, other = Site(home, *ONE), Site(home, *ONE)
    with one, other:
        assert one.ask("/healthz")[0] == other.ask("/healthz")[0] == 200
        # The link that was handed out last is the one that is good, on both.
        good = [
            (asked.port, link)
            for asked in (one, other)
            for link in (one.setup_path(), other.setup_path())
            if asked.ask(link)[0] == 200
        ]
        assert {port for port, _ in good} == {one.port, other.port}
        assert len({link for _, link in good}) == 1
    for each in (one, other):
        assert "Traceback" not in each.output


def test_host_and_port_are_taken_from_the_environment(tmp_path: Path) -> None:
    with Site(tmp_path / "home", *ONE, HOST="127.0.0.2") as site:
        assert f"Gatehouse listens at http://127.0.0.2:{site.port}/ and" in site.output
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE)


def test_host_and_port_of_the_command_come_before_the_environment(tmp_path: Path) -> None:
    port = free_port()
    arguments = (*ONE, "--host", "127.0.0.2", "--port", str(port))
    site = Site(tmp_path / "home", *arguments, HOST="no.such.host.invalid", PORT="1")
    site.host, site.port = "127.0.0.2", port
    with site:
        assert f"Gatehouse listens at http://127.0.0.2:{port}/ and" in site.output
