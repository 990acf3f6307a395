"""A wire to a server that can be cut, blocked, slowed down and mended."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Line:
    """Carries bytes between whoever connects to `port` and a server on this machine.

    Cut, nobody can connect, and who was connected is thrown out: the server has stopped. Blocked,
    connections stand and are even taken, and not one byte arrives: a network that swallows.
    """

    def __init__(self, host: str, port: int) -> None:
        self._behind = (host, port)
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._flows = threading.Event()
        self._flows.set()
        self._changed = threading.Condition()
        self._held = 0
        self.port = 0
        #: Connections that were ever made.
        self.made = 0
        self.mend()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cut()

    def mend(self) -> None:
        """Let everything through again."""
        self._flows.set()
        if self._listener is not None:
            return
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Let nobody connect, and throw out who is connected."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # Closing alone does not wake up who waits for a connection.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.drop()
        self._flows.set()

    def drop(self) -> None:
        """Throw out who is connected; others may connect."""
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def block(self) -> None:
        """Let no byte through, and say so to nobody."""
        self._flows.clear()

    @property
    def held(self) -> int:
        """How many pieces were sent and wait in a blocked wire."""
        with self._changed:
            return self._held

    def wait_until_held(self, count: int = 1, *, patience: float = 20) -> None:
        """Wait until so many senders have sent something that does not arrive."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._held >= count, patience)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            self.made += 1
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._behind)
        except OSError:
            near.close()
            return
        self._open |= {near, far}
        ends = ((near, far), (far, near))
        carriers = [threading.Thread(target=self._carry, args=each, daemon=True) for each in ends]
        for each in carriers:
            each.start()
        for each in carriers:
            each.join()
        for end in (near, far):
            self._open.discard(end)
            end.close()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while block := one.recv(65536):
                self._let_through()
                other.sendall(block)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    def _let_through(self) -> None:
        if self._flows.is_set():
            return
        self._count(1)
        self._flows.wait()
        self._count(-1)

    def _count(self, more: int) -> None:
        with self._changed:
            self._held += more
            self._changed.notify_all()
