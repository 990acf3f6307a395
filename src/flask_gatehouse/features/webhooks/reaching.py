"""Send one request to a receiver: to an address that was checked, once, and for a bounded time.

The name is looked up here and the connection goes to what was found, so that no second look-up can
lead elsewhere. Redirects are not followed, no proxy of the environment is asked, and of the answer
only the status is believed.
"""

import io
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Final
from urllib.parse import urlsplit

from flask_gatehouse.features.webhooks import rules
from flask_gatehouse.features.webhooks.errors import NotTaken

#: Seconds for a connection, of all that there are.
_CONNECT: Final = 3.0

_OK: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    timeout: float,
    private: bool,
    ca: str | None = None,
) -> int:
    """Send `body` and return the status of an answer that means it was taken.

    Args:
        timeout: seconds that all of it may take, after the name was looked up.
        private: whether the host may have private addresses.
        ca: a file of authorities that are trusted beside those of the system.

    Raises:
        NotReachable: it is at an address to which nothing may be sent.
        NotTaken: it was not taken, for whatever reason.
    """
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        addresses = rules.checked(_looked_up(host, port), private=private)
        tls = trusting(ca) if secure else None
        connection = _Connection(host, port, addresses, tls=tls, timeout=timeout)
        with closing(connection):
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body=body, headers=dict(headers))
            status = connection.status()
    except ssl.SSLCertVerificationError as error:
        raise NotTaken(f"its certificate is not good: {error.verify_message}") from error
    except TimeoutError as error:
        raise NotTaken("it took too long") from error
    except (OSError, HTTPException) as error:
        raise NotTaken(_reason(error)) from error
    if status in _OK:
        return status
    why = "it answered with a redirect" if status in _REDIRECTS else f"it answered {status}"
    raise NotTaken(why, status=status)


def trusting(ca: str | None) -> ssl.SSLContext:
    """Return what verifies a receiver: its certificate, and that it is for the host of the URL.

    Args:
        ca: a file of authorities that are trusted beside those of the system.

    Raises:
        OSError: no certificate can be read from it.
    """
    context = ssl.create_default_context()
    if ca is not None:
        context.load_verify_locations(cafile=ca)
    return context


def _reason(error: Exception) -> str:
    """Return a few words of ours: what a stranger answered is not written down."""
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    return f"no connection, or no answer that can be read ({type(error).__name__})"


def _looked_up(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotTaken("its name cannot be looked up") from error
    return [str(address[0]) for *_, address in found]


class _Connection(HTTPConnection):
    """A connection to one of the addresses that were checked, with one end for all its waits."""

    def __init__(
        self,
        host: str,
        port: int,
        addresses: list[str],
        *,
        tls: ssl.SSLContext | None,
        timeout: float,
    ) -> None:
        super().__init__(host, port)
        # What is left out of the Host header.
        self.default_port = 443 if tls else 80
        self._addresses = addresses
        self._tls = tls
        self._end = time.monotonic() + timeout

    def connect(self) -> None:
        """Connect to the first address that answers."""
        failed: OSError = TimeoutError()
        connecting_until = min(self._end, time.monotonic() + _CONNECT)
        for address in self._addresses:
            try:
                plain = socket.create_connection(
                    (address, self.port), timeout=_left(connecting_until)
                )
            except OSError as error:
                failed = error
                continue
            self.sock = self._wrapped(plain)
            return
        raise failed

    def _wrapped(self, plain: socket.socket) -> socket.socket:
        plain.settimeout(_left(self._end))
        if self._tls is None:
            return plain
        try:
            # A handshake has this time as a whole, and so has each sending.
            return self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def send(self, data: Any) -> None:  # noqa: ANN401 - whatever the base takes
        """Send within the time that is left."""
        if self.sock is None:
            self.connect()
        self.sock.settimeout(_left(self._end))
        super().send(data)

    def status(self) -> int:
        """Read the head of the answer, and nothing behind it."""
        timed = _Timed(self.sock, self._end)
        with closing(HTTPResponse(timed, method="POST")) as answer:  # type: ignore[arg-type] # only `makefile` is asked of it
            answer.begin()
            return answer.status


class _Timed:
    """A socket that is read until one moment, however slowly the other side speaks."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock, self._end = sock, end

    def makefile(self, *_: object, **__: object) -> Any:  # noqa: ANN401 - as the base's
        """Return what `HTTPResponse` reads from."""
        return io.BufferedReader(_Reader(self._sock, self._end))


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, end: float) -> None:
        super().__init__()
        self._sock, self._end = sock, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        self._sock.settimeout(_left(self._end))
        return self._sock.recv_into(buffer)


def _left(end: float) -> float:
    """Return the seconds that are left. Raises: TimeoutError: none are."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
