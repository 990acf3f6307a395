"""What `passkeys` refuses."""

from typing import Final

from flask_gatehouse.core.errors import Conflict, Refusal

#: Name of the cookie of a browser in which somebody whom nobody knows yet was asked for a passkey.
BROWSER_COOKIE: Final = "passkey"


class PasskeyRefused(Refusal):
    """What the browser sent proves nothing here (400): never said why. Facts: none.

    The reason is for whoever runs the site, and stands in the record if an account is known.
    """

    code = "passkeys.refused"

    def __init__(self, reason: str) -> None:
        """Args: reason: a word or two, none of them sent by anybody."""
        self.reason = reason
        super().__init__()


class UnknownPasskey(PasskeyRefused):
    """Nobody has this passkey here, or not any more (400): its keeper may be told to forget it."""

    code = "passkeys.unknown"

    def __init__(self, credential_id: str) -> None:
        """Args: credential_id: as the browser knows it."""
        self.credential_id = credential_id
        super().__init__("unknown")


class AlreadyThere(Conflict):
    """This passkey was added before, to this account or another one: never said which."""

    code = "passkeys.already_there"


class NotOffered(Conflict):
    """This site takes no passkeys."""

    code = "passkeys.not_offered"
