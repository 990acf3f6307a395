"""The way out by a mail server."""

import contextlib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import key_of
from flask_gatehouse.features.mail import urls
from flask_gatehouse.features.mail.post import LetterRefused, NotDelivered, Post

#: Letters in one connection: many servers end one that goes on for longer.
_MOST_LETTERS: Final = 100

#: Answers of a mail server. Source: RFC 5321 4.2.3.
_DONE: Final = (250, 251)
_CLOSING: Final = 421
_NEVER: Final = range(500, 600)


class SmtpPost(Post):
    """Hands each message to a mail server, over TLS with a verified certificate."""

    def __init__(
        self, server: urls.Server, *, timeout: float, name: str, bounces: str | None = None
    ) -> None:
        """Connect to nothing yet.

        Args:
            timeout: seconds that the server may take for each answer.
            name: how this site introduces itself.
            bounces: address for reports of failures; None is that of the sender.

        Raises:
            Misconfigured: the certificates of one's own authority cannot be read.
        """
        self._server = server
        self._timeout = timeout
        self._name = name
        self._bounces = bounces
        self._context = _tls_context(server.ca) if server.tls != "none" else None

    def deliver(self, message: EmailMessage) -> None:
        """Hand it over in a connection of its own."""
        with self.opened() as line:
            line.deliver(message)

    @contextlib.contextmanager
    def opened(self) -> Iterator[Post]:
        """Yield what hands over one message after the other in the same connection."""
        line = _Line(self._ready, self._bounces)
        try:
            yield line
        finally:
            line.close()

    def greet(self) -> None:
        """Do all that comes before a letter, and hand none over.

        Raises:
            NotDelivered: no connection, no good certificate, or not our password.
        """
        with _told_plainly(), contextlib.closing(self._ready()) as server:
            server.noop()
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()

    def _ready(self) -> smtplib.SMTP:
        """Return a connection in which the server is known by its certificate, and knows us."""
        server = self._connected()
        try:
            if self._server.tls == "starttls":
                server.starttls(context=self._context)
            server.ehlo_or_helo_if_needed()
            if self._server.user:
                server.login(self._server.user, str(self._server.password))
        except BaseException:
            server.close()
            raise
        return server

    def _connected(self) -> smtplib.SMTP:
        host, port = self._server.host, self._server.port
        if self._server.tls == "implicit":
            return smtplib.SMTP_SSL(
                host, port, self._name, timeout=self._timeout, context=self._context
            )
        return smtplib.SMTP(host, port, self._name, timeout=self._timeout)


class _Line(Post):
    """One connection for many letters, made for the first one and again when it has ended."""

    def __init__(self, ready: Callable[[], smtplib.SMTP], bounces: str | None) -> None:
        self._ready = ready
        self._bounces = bounces
        self._server: smtplib.SMTP | None = None
        self._letters = 0
        self._unreachable: NotDelivered | None = None

    def deliver(self, message: EmailMessage) -> None:
        """Hand one message over."""
        sender, recipient = _envelope(message)
        content = message.as_bytes()
        with _told_plainly():
            server = self._begun(self._bounces or sender)
            try:
                _hand_over(server, recipient, content)
            except smtplib.SMTPResponseException as error:
                self._after_refusal(server, error.smtp_code)
                raise
            except BaseException:
                self._hang_up()
                raise
        self._letters += 1

    def close(self) -> None:
        """Say goodbye. Taken is taken: a server that cannot say it must not get a letter twice."""
        if self._server is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._server.quit()
        self._hang_up()

    def _begun(self, sender: str) -> smtplib.SMTP:
        """Return a connection in which a letter has begun; nothing of it has been told yet."""
        if self._letters >= _MOST_LETTERS:
            self.close()
        if self._server is not None:
            # The server may have ended it since the last letter, which is no failure of this one.
            with contextlib.suppress(smtplib.SMTPServerDisconnected, smtplib.SMTPSenderRefused):
                return _begin(self._server, sender)
            self._hang_up()
        self._server = self._connected()
        try:
            return _begin(self._server, sender)
        except BaseException:
            self._hang_up()
            raise

    def _connected(self) -> smtplib.SMTP:
        """Return a new connection. What cannot be reached now is not asked for each letter."""
        if self._unreachable is not None:
            raise self._unreachable
        try:
            with _told_plainly():
                return self._ready()
        except NotDelivered as error:
            self._unreachable = error
            raise

    def _after_refusal(self, server: smtplib.SMTP, code: int) -> None:
        """Leave the connection as a next letter wants it."""
        if code == _CLOSING:
            self._hang_up()
            return
        try:
            server.rset()
        except (smtplib.SMTPException, OSError):
            self._hang_up()

    def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server, self._letters = None, 0


def _begin(server: smtplib.SMTP, sender: str) -> smtplib.SMTP:
    code, answer = server.mail(sender)
    if code not in _DONE:
        raise smtplib.SMTPSenderRefused(code, answer, sender)
    return server


def _hand_over(server: smtplib.SMTP, recipient: str, content: bytes) -> None:
    """Name the one recipient, and hand over what the letter says."""
    code, _ = server.rcpt(recipient)
    if code not in _DONE:
        raise _RecipientRefused(code, b"")
    code, answer = server.data(content)
    if code not in _DONE:
        raise smtplib.SMTPDataError(code, answer)


class _RecipientRefused(smtplib.SMTPResponseException):
    """The server takes no letters for this address."""


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
        # That our password or our sender is refused is a matter of the site, and not of the letter.
        if (
            isinstance(error, _RecipientRefused | smtplib.SMTPDataError)
            and error.smtp_code in _NEVER
        ):
            raise LetterRefused(_reason(error)) from error
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
        case _RecipientRefused():
            return f"the server refused the recipient ({error.smtp_code})"
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
