"""From where the console is entered, and how recent a proof has to be there."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import setting


@dataclass(frozen=True)
class AdminSettings:
    """The console, for whoever has any permission of it."""

    networks: tuple[str, ...] = setting(
        (),
        "Networks from which the console is entered, such as 192.0.2.0/24, separated by commas; "
        "from elsewhere nobody has a permission of it. None is all.",
        source="OWASP ASVS 5.0 8.4.2",
    )
    fresh_for: timedelta = setting(
        timedelta(minutes=15),
        "How long a proof is recent enough for changes in the console; then whoever is there is "
        "asked again. Seeing the site as somebody else goes by GATEHOUSE_SESSIONS_FRESH_FOR.",
        source="OWASP ASVS 5.0 8.4.2, 7.5.3",
        floor=timedelta(minutes=1),
        cap=timedelta(minutes=30),
        profiles={"asvs-l2": timedelta(minutes=5)},
    )
    idle: timedelta | None = setting(
        timedelta(minutes=30),
        "How long whoever has a permission of the console may ask for nothing in a session before "
        "they have to prove again who they are, for the console and wherever a proof is asked for; "
        "none is as long as the session lasts. Never later, and at most ten minutes earlier.",
        source="OWASP ASVS 5.0 7.3.1, 8.4.2",
        floor=timedelta(minutes=15),
        cap=timedelta(hours=24),
        profiles={"asvs-l2": timedelta(minutes=15)},
    )

    def __post_init__(self) -> None:
        """Refuse what is no network. Raises: Misconfigured."""
        for each in self.networks:
            try:
                ip_network(each)
            except ValueError as error:
                msg = (
                    f"GATEHOUSE_ADMIN_NETWORKS has {each!r}, which is no network; "
                    "write it as 192.0.2.0/24 or 2001:db8::/32."
                )
                raise Misconfigured(msg) from error
