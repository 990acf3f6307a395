"""Ways out of the house: a folder, the console, a mail server."""

import logging
import os
import sys
import tempfile
from datetime import UTC, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from flask_gatehouse.core.settings import key_of
from flask_gatehouse.features.mail import urls
from flask_gatehouse.features.mail.post import NotDelivered, Post
from flask_gatehouse.features.mail.smtp import SmtpPost

_log = logging.getLogger("gatehouse")

#: Folder in the home in which letters are kept if nobody says otherwise.
OUTBOX: Final = "outbox"


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


def post_from(
    url: str,
    *,
    home: Path,
    timeout: timedelta,
    name: str = "localhost",
    bounces: str | None = None,
) -> Post:
    """Return the way out that the setting asks for.

    Args:
        url: as `GATEHOUSE_MAIL_URL`.
        home: where the outbox folder stands if the URL names none.
        timeout: how long a mail server may take for each answer.
        name: how this site introduces itself to a mail server.
        bounces: address to which mail systems report failures; None is that of the sender.

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
    return SmtpPost(wanted, timeout=timeout.total_seconds(), name=name, bounces=bounces)


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
