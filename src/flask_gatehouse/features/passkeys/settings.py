"""Who may use passkeys, and of which kind."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import Rate, setting

#: The port that an origin leaves out.
_HTTPS: Final = 443


@dataclass(frozen=True)
class PasskeySettings:
    """Signing in by passkey."""

    enabled: bool = setting(
        default=True,
        meaning="Whether people can use passkeys. Needs the extra `passkeys` and a public URL that "
        "is https, or on this machine; passkeys that an account has stay asked for.",
    )
    related_origins: tuple[str, ...] = setting(
        (),
        "Other addresses of this site, such as https://example.net, where its passkeys are good.",
        source="W3C Web Authentication Level 3, 5.11",
    )
    synced: bool = setting(
        default=True,
        meaning="Whether a passkey may be one that its keeper copies to several devices.",
        source="NIST SP 800-63B-4 appendix B; OWASP ASVS 5.0 6.3.3",
        profiles={"asvs-l3": False},
    )
    always_verified: bool = setting(
        default=False,
        meaning="Whether a passkey must verify its holder, by PIN, finger or face, beside a "
        "password as well; alone it always must.",
        source="W3C Web Authentication Level 3, 6.2.3",
        profiles={"asvs-l3": True},
        more_is_safer=True,
    )
    register: bool = setting(
        default=True,
        meaning="Whether people who make their account may do so with a passkey and no password.",
    )
    offer: bool = setting(
        default=True,
        meaning="Whether somebody who signed in by password and has no passkey is asked, in one "
        "sign-in, to make one.",
    )
    network: Rate = setting(
        Rate(300, timedelta(minutes=10)),
        "Passkeys that may be asked for from one network; each is good for one answer.",
    )
    per_person: Rate = setting(
        Rate(30, timedelta(hours=1)), "Passkeys that one account may begin to make."
    )

    def __post_init__(self) -> None:
        """Refuse what is no origin: it is compared letter by letter. Raises: Misconfigured."""
        for origin in self.related_origins:
            if not _is_origin(origin):
                msg = (
                    f"GATEHOUSE_PASSKEYS_RELATED_ORIGINS has {origin!r}, but an origin looks like "
                    "https://example.net, in small letters and with nothing behind the host."
                )
                raise Misconfigured(msg)


def _is_origin(text: str) -> bool:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return False
    host = url.hostname or ""
    rest = f":{port}" if port not in {None, _HTTPS} else ""
    return bool(host) and host.isascii() and text == f"https://{host}{rest}"
