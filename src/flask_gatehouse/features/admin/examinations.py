"""What `doctor` asks about the console."""

from collections.abc import Iterator

from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.site import CoreSettings, where_all_seem_to_be
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.admin.settings import AdminSettings


def entrance(works: Works) -> Iterator[Finding]:
    """Whether the networks of the console mean those who ask, and not a proxy of one's own."""
    settings = works.house.settings
    inside = where_all_seem_to_be(settings[CoreSettings], settings[AdminSettings].networks)
    if inside:
        yield Finding(
            "note",
            f"Everybody may seem to be in {inside}, from which the console is entered.",
            "A proxy speaks https for the site and is not believed, so everybody has its address.",
            "GATEHOUSE_TRUSTED_PROXIES=1, or take that network out of GATEHOUSE_ADMIN_NETWORKS",
        )
