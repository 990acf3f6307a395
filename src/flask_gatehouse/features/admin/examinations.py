"""What `doctor` asks about the console."""

from collections.abc import Iterator
from ipaddress import ip_network

from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.site import CoreSettings, is_secure
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.admin.settings import AdminSettings


def entrance(works: Works) -> Iterator[Finding]:
    """Whether the networks of the console mean those who ask, and not a proxy of one's own."""
    core = works.house.settings[CoreSettings]
    networks = works.house.settings[AdminSettings].networks
    inside = [each for each in networks if ip_network(each).is_private]
    if inside and is_secure(core.public_url) and not core.trusted_proxies:
        yield Finding(
            "note",
            f"The console is entered as if from the proxy that speaks https for {core.public_url}.",
            f"No proxy is believed, so everybody has its address, which may be in {inside[0]}.",
            "GATEHOUSE_TRUSTED_PROXIES=1, or take that network out of GATEHOUSE_ADMIN_NETWORKS",
        )
