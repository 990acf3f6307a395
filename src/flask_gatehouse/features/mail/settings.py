"""Where letters go, and whom they are from."""

from dataclasses import dataclass
from datetime import timedelta

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
    timeout: timedelta = setting(
        timedelta(seconds=10),
        "How long the mail server may take for each answer.",
        floor=timedelta(seconds=1),
        cap=timedelta(seconds=60),
    )
    templates: str | None = setting(
        None,
        "Folder of templates that come before ours, at gatehouse/mail/<letter>/; none uses ours.",
    )
    retention: timedelta = setting(
        timedelta(days=30),
        "How long is kept that a letter was sent or given up, and to which address; its text goes "
        "at once.",
        floor=timedelta(hours=1),
        cap=timedelta(days=365),
    )
