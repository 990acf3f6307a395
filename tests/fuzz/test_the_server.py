"""Bytes that are hardly HTTP, sent to the real site: it answers or hangs up, and goes on."""

import re
import socket
from collections.abc import Iterator

import pytest

from tests.browser.running import PATIENCE, Site
from tests.fuzz.requests import METHODS, Maker
from tests.long_form import Dice, times

COUNT = times(150, 10_000)

#: What a server may say to what it does not speak, though it begins with a five.
UNSPOKEN = {501, 505}

LINES = (*[b"\r\n"] * 12, b"\n", b"\r", b"\n\r")
VERSIONS = (*[b"HTTP/1.1"] * 12, b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9", b"X", b"")
LENGTHS = (b"0", b"5", b"-1", b"+5", b"0x5", b"5, 5", b"5, 6", b" 5 ", b"9" * 30, b"\xd9\xa5", b"")
CODINGS = (b"chunked", b"Chunked", b"chunked, chunked", b"gzip, chunked", b"identity", b"xchunked")
CHUNKS = (
    b"0\r\n\r\n",
    b"5\r\nabcde\r\n0\r\n\r\n",
    b"5;ext=\x00\r\nabcde\r\n0\r\nX-Evil: yes\r\n\r\n",
    b"-5\r\nabcde\r\n",
    b"ffffffffffffffffff\r\n",
    b"0x5\r\nabcde\r\n0\r\n\r\n",
    b"5\nabcde\n0\n\n",
    b"zz\r\n",
    b"5\r\nab",
)
HOSTS = (
    *[b"{here}"] * 9,
    b"evil.example",
    b"",
    b"a b",
    b"[::1",
    b"{here}, evil.example",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("fuzzed") / "home") as running:
        running.wait_for("(?s)Booting worker.*Booting worker")
        yield running


class Bytes:
    """Makes what goes over the wire."""

    def __init__(self, dice: Dice, here: str) -> None:
        self._dice = dice
        self._here = here.encode()
        self._values = Maker(dice, {"/": ("GET",)}, ())

    def message(self) -> bytes:
        dice = self._dice
        if dice.one_in(15):
            return dice.bytes(dice.below(400))
        line = dice.of(LINES)
        made = line.join([self._first(), *self._headers(), b"", self._body()])
        if dice.one_in(8):
            made = self._values.damaged(made)
        if dice.one_in(8):
            # A second one in the same breath.
            made += b"GET /account/ HTTP/1.1\r\nHost: " + self._here + b"\r\n\r\n"
        return made

    def _first(self) -> bytes:
        dice = self._dice
        paths = (
            b"/",
            b"/login/",
            b"/account/",
            b"/healthz",
            b"/setup/x/",
            b"*",
            b"//evil.example/",
        )
        path = dice.of(paths)
        if dice.one_in(4):
            path += re.sub(rb"[\r\n ]", b"", self._values.value())
        if dice.one_in(12):
            path = b"http://" + dice.of((self._here, b"evil.example", b"")) + path
        return dice.of(METHODS).encode() + b" " + path + b" " + dice.of(VERSIONS)

    def _headers(self) -> Iterator[bytes]:
        dice = self._dice
        for _ in range(dice.of((1, 1, 1, 1, 1, 1, 0, 2))):
            yield b"Host: " + dice.of(HOSTS).replace(b"{here}", self._here)
        if dice.one_in(3):
            yield b"Content-Length: " + dice.of(LENGTHS)
        if dice.one_in(3):
            yield b"Transfer-Encoding: " + dice.of(CODINGS)
        if dice.one_in(3):
            yield dice.of(
                (b"Content-Type", b"Cookie", b"X Y", b"", b":", b"Expect", b"Upgrade")
            ) + (b": " + self._values.value())
        if dice.one_in(20):
            yield from (b"X-%d: x" % number for number in range(dice.of((90, 500))))

    def _body(self) -> bytes:
        return self._dice.of((b"", b"a=b", self._values.value(), *CHUNKS))


def exchanged(site: Site, message: bytes) -> bytes:
    """Send it in a connection of its own, and return all that comes back."""
    with socket.create_connection((site.host, site.port), timeout=PATIENCE) as wire:
        came = b""
        try:
            wire.sendall(message)
            wire.shutdown(socket.SHUT_WR)
            while block := wire.recv(65536):
                came += block
        except (ConnectionError, BrokenPipeError):
            pass
        return came


@pytest.mark.timeout(times(120, 3600))
def test_bytes_that_are_hardly_http_are_answered_or_dropped(site: Site) -> None:
    workers = site.workers()
    made = Bytes(Dice("server"), f"127.0.0.1:{site.port}")
    seen: dict[int, int] = {}
    for number in range(COUNT):
        message = made.message()
        came = exchanged(site, message)
        where = f"{number}\n{message[:1500]!r}\n{came[:1500]!r}"
        head = came.partition(b"\r\n\r\n")[0]
        found = re.match(rb"HTTP/1\.[01] (\d{3})", head)
        status = int(found[1]) if found else 0
        seen[status] = seen.get(status, 0) + 1
        assert status < 500 or status in UNSPOKEN, where
        assert b"\nx-evil:" not in head.lower(), where
        assert b"Traceback" not in came, where
    # Nobody died of it, nothing broke on the way, and people are served.
    assert site.ask("/healthz")[0] == 200
    assert site.ask("/login/")[0] == 200
    assert site.workers() == workers
    assert "Traceback" not in site.output, site.output[-3000:]
    assert len(seen) > 4, seen
    print(f"server: {dict(sorted(seen.items()))}")  # noqa: T201 - the figures, with pytest -s
