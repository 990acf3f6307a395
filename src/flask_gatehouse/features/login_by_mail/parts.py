"""What `login_by_mail` puts into the house: its link at the gate, and a look before the start."""

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.house import House
from flask_gatehouse.core.profiles import PROFILES
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.features.login_by_mail.settings import LoginByMailSettings
from flask_gatehouse.web.gate import GateLink, Link


class ByMail(GateLink):
    """Leads to the page that sends a letter, where the site allows it."""

    def offer(self, house: House) -> Link | None:
        """Return the link."""
        if not house.settings[LoginByMailSettings].allowed:
            return None
        return Link("gatehouse.login_by_mail.ask", "Log in by a letter", leads_in=True)


def by_mail(house: House) -> ByMail:
    """Return what the page that asks for a password offers."""
    del house
    return ByMail()


def allowed(house: House) -> None:
    """Refuse to start with letters to log in by under a strict profile.

    Raises:
        Misconfigured: what the profile asks and what is allowed exclude each other.

    Source: OWASP ASVS 5.0 6.3.6.
    """
    profile = house.settings[CoreSettings].profile
    if house.settings[LoginByMailSettings].allowed and profile != PROFILES[0]:
        msg = (
            f"GATEHOUSE_LOGIN_BY_MAIL_ALLOWED is yes, but under {profile} nobody logs in by a "
            "letter: remove it, or choose another profile."
        )
        raise Misconfigured(msg)
