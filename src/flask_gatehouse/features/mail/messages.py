"""Messages as mail systems read them, with a fixed set of headers."""

from dataclasses import dataclass
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final, Self

from flask_gatehouse.core.house import House
from flask_gatehouse.core.settings import key_of
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.features.mail import rules
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.mail.settings import MailSettings

#: Characters of a line that travels as it is. Source: RFC 5322 2.1.1.
_LONGEST_LINE: Final = 998


class _Registry(HeaderRegistry):
    """Makes the class of each header once, and not twice for each header of each message."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, type] = {}

    def __getitem__(self, name: str) -> type:
        folded = name.lower()
        if folded not in self._made:
            self._made[folded] = super().__getitem__(folded)
        return self._made[folded]


#: As `SMTP`, only that it is quicker: making classes took most of the time that a message took.
_POLICY: Final = SMTP.clone(header_factory=_Registry())


@dataclass(frozen=True)
class Letterhead:
    """What stands on every letter of one site."""

    sender: Address
    #: The site's own name among mail systems.
    domain: str

    @classmethod
    def of(cls, house: House) -> Self:
        """Take it from the settings. Raises: Misconfigured: the sender is not an address."""
        setting = key_of("mail", "sender")
        return cls(
            sender=rules.sender(house.settings[MailSettings].sender, setting=setting),
            domain=rules.domain_of(house.settings[CoreSettings].public_url),
        )


def compose(letter: Letter, head: Letterhead) -> EmailMessage:
    """Return the message of a letter: the same one at every attempt, known by its Message-ID.

    Source: RFC 5322 3.6; RFC 3834 5 for Auto-Submitted, which keeps automatic answers away.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = head.sender
    message["To"] = rules.recipient(letter.recipient)
    message["Subject"] = rules.subject(letter.subject)
    message["Date"] = letter.created_at
    message["Message-ID"] = f"<{letter.id.hex}@{head.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte=_encoding(letter.text))
    if letter.html:
        message.add_alternative(letter.html, subtype="html", cte=_encoding(letter.html))
    return message


def _encoding(text: str) -> str:
    """Leave a text as it is where mail allows it, so that a link can be read in the file."""
    plain = text.isascii() and all(len(line) <= _LONGEST_LINE for line in text.splitlines())
    return "7bit" if plain else "quoted-printable"
