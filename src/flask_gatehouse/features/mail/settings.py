"""Where letters go, and whom they are from."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flask_gatehouse.core.settings import Secret, setting


@dataclass(frozen=True)
class MailSettings:
    """How letters leave the house."""

    url: Secret = setting(
        Secret("file:"),
        "Where letters go: file: (the outbox folder in the home), file:/some/folder, console:, "
        "smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465. Certificates "
        "are verified; ?ca=/path.pem trusts an authority of your own; ?tls=none sends without "
        "encryption, to this machine only.",
        source="RFC 8314 3; OWASP ASVS 5.0 12.3.1, 12.3.2",
    )
    sender: str = setting(
        "Gatehouse <no-reply@localhost>", "Whom letters are from: Name <address>, or an address."
    )
    bounces: str | None = setting(
        None,
        "Address to which mail systems report what they could not deliver; none is that of the "
        "sender.",
        source="RFC 5321 4.4",
    )
    timeout: timedelta = setting(
        timedelta(seconds=10),
        "How long the mail server may take for each answer.",
        floor=timedelta(seconds=1),
        cap=timedelta(seconds=60),
    )
    worker: Literal["thread", "none"] = setting(
        "thread",
        "Who sends: thread (one in each process that serves), or none, where gatehouse mail work "
        "runs as a process of its own.",
    )
    attempts: int = setting(
        9,
        "How often a letter is tried before it is given up; after each failure the wait is four "
        "times as long, from one minute to twelve hours.",
        floor=1,
        cap=30,
        source="RFC 5321 4.5.4.1",
    )
    templates: str | None = setting(
        None,
        "Folder of templates that come before ours, at gatehouse/mail/<letter>/; none uses ours.",
    )
    retention: timedelta = setting(
        timedelta(days=30),
        "How long is kept that a letter was sent or given up, and to which address; its text goes "
        "when it was sent, or when it is of no use any more.",
        floor=timedelta(hours=1),
        cap=timedelta(days=365),
    )
