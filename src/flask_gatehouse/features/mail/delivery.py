"""Ways out of the house: a folder, the console, a mail server."""

import contextlib
import logging
import os
import smtplib
import ssl
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import key_of
from flask_gatehouse.features.mail import urls
from flask_gatehouse.features.mail.errors import NotDelivered

_log = logging.getLogger("gatehouse")

#: Folder in the home in which letters are kept if nobody says otherwise.
OUTBOX: Final = "outbox"


class Post(ABC):
    """Takes letters out of the house."""

    @abstractmethod
    def deliver(self, message: EmailMessage) -> None:
        """Hand one message on, whole.

        Raises:
            NotDelivered: it was not taken; it will be tried again.
        """


class FilePost(Post):
    """Keeps each message as a file, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """Make the folder when the first letter comes."""
        self._folder = folder

    def deliver(self, message: EmailMessage) -> None:
        """Write `<time>-<id>.eml`; delivering the same letter again changes nothing."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(_file_name(message), message.as_bytes())
        except OSError as error:
            reason = f"the folder cannot be written ({error.strerror})"
            raise NotDelivered(reason) from error

    def _write(self, name: str, content: bytes) -> None:
        descriptor, temporary = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._folder / name)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(self._folder)


class ConsolePost(Post):
    """Writes each message to standard output, for a developer to read."""

    def deliver(self, message: EmailMessage) -> None:
        """Write it with a line before and after."""
        line = "-" * 72
        text = message.as_bytes().decode("ascii", "replace").replace("\r\n", "\n")
        try:
            sys.stdout.write(f"{line}\n{text}{line}\n")
            sys.stdout.flush()
        except (OSError, ValueError) as error:
            reason = "standard output is closed"
            raise NotDelivered(reason) from error


class SmtpPost(Post):
    """Hands each message to a mail server, over TLS with a verified certificate."""

    def __init__(self, server: urls.Server, *, timeout: float, name: str) -> None:
        """Connect to nothing yet.

        Args:
            timeout: seconds that the server may take for each answer.
            name: how this site introduces itself.

        Raises:
            Misconfigured: the certificates of one's own authority cannot be read.
        """
        self._server = server
        self._timeout = timeout
        self._name = name
        self._context = _tls_context(server.ca) if server.tls != "none" else None

    def deliver(self, message: EmailMessage) -> None:
        """Hand it over in a connection of its own."""
        sender, recipient = _envelope(message)
        with _told_plainly(), contextlib.closing(self._connected()) as server:
            self._prove(server)
            server.sendmail(sender, [recipient], message.as_bytes())
            # Taken is taken: a server that cannot say goodbye must not get the letter twice.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()

    def greet(self) -> None:
        """Do all that comes before a letter, and hand none over.

        Raises:
            NotDelivered: no connection, no good certificate, or not our password.
        """
        with _told_plainly(), contextlib.closing(self._connected()) as server:
            server.ehlo_or_helo_if_needed()
            self._prove(server)
            server.noop()
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()

    def _connected(self) -> smtplib.SMTP:
        host, port = self._server.host, self._server.port
        if self._server.tls == "implicit":
            return smtplib.SMTP_SSL(
                host, port, self._name, timeout=self._timeout, context=self._context
            )
        return smtplib.SMTP(host, port, self._name, timeout=self._timeout)

    def _prove(self, server: smtplib.SMTP) -> None:
        """Know the server by its certificate, and let it know us, before anything is told."""
        if self._server.tls == "starttls":
            server.starttls(context=self._context)
        if self._server.user:
            server.login(self._server.user, str(self._server.password))


def post_from(url: str, *, home: Path, timeout: timedelta, name: str = "localhost") -> Post:
    """Return the way out that the setting asks for.

    Args:
        url: as `GATEHOUSE_MAIL_URL`.
        home: where the outbox folder stands if the URL names none.
        timeout: how long a mail server may take for each answer.
        name: how this site introduces itself to a mail server.

    Raises:
        Misconfigured: the URL asks for nothing that is known, or for something unsafe.
    """
    wanted = urls.parsed(url)
    if isinstance(wanted, urls.Folder):
        return FilePost(wanted.path or home / OUTBOX)
    if isinstance(wanted, urls.Console):
        return ConsolePost()
    if wanted.tls == "none":
        _log.warning("%s sends letters without encryption (tls=none)", key_of("mail", "url"))
    return SmtpPost(wanted, timeout=timeout.total_seconds(), name=name)


def _file_name(message: EmailMessage) -> str:
    """Name a file by what the message says of itself, so that one letter is one file."""
    at = message["Date"].datetime.astimezone(UTC)
    local_part = str(message["Message-ID"]).strip("<>").partition("@")[0]
    return f"{at:%Y%m%dT%H%M%SZ}-{local_part}.eml"


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _tls_context(ca: Path | None) -> ssl.SSLContext:
    """Verify certificate and host name. Source: RFC 7817; OWASP ASVS 5.0 12.3.2."""
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ValueError) as error:
        msg = f"{key_of('mail', 'url')} names a ca from which no certificate can be read."
        raise Misconfigured(msg) from error


def _envelope(message: EmailMessage) -> tuple[str, str]:
    (sender,) = message["From"].addresses
    (recipient,) = message["To"].addresses
    return sender.addr_spec, recipient.addr_spec


@contextlib.contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn what the library raises into a reason without address, password or foreign text."""
    try:
        yield
    except (OSError, smtplib.SMTPException) as error:
        raise NotDelivered(_reason(error)) from error


def _reason(error: Exception) -> str:  # noqa: PLR0911 - one line for each kind of failure
    match error:
        case ssl.SSLCertVerificationError():
            return f"the certificate of the server is not good ({error.verify_message})"
        case ssl.SSLError():
            return f"no TLS with the server ({error.reason or type(error).__name__})"
        case smtplib.SMTPNotSupportedError():
            return f"the server cannot do what is needed ({error})"
        case smtplib.SMTPAuthenticationError():
            return f"the server refused user and password ({error.smtp_code})"
        case smtplib.SMTPRecipientsRefused():
            codes = sorted({code for code, _ in error.recipients.values()})
            return f"the server refused the recipient ({', '.join(map(str, codes))})"
        case smtplib.SMTPResponseException():
            return f"the server answered {error.smtp_code}"
        case smtplib.SMTPServerDisconnected():
            return "the server closed the connection, or did not answer in time"
        case TimeoutError():
            return "the server did not answer in time"
        case OSError():
            return f"no connection to the server ({error.strerror or type(error).__name__})"
        case _:
            return type(error).__name__
