"""What `doctor` asks about the numbers."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.site import (
    CoreSettings,
    is_secure,
    is_this_machine,
    where_all_seem_to_be,
)
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.metrics import rules
from flask_gatehouse.features.metrics.settings import MetricsSettings
from flask_gatehouse.features.metrics.tally import Tally


def readers(works: Works) -> Iterator[Finding]:
    """Whether the numbers are for whoever should read them only."""
    settings = works.house.settings[MetricsSettings]
    if not settings.is_on:
        return
    if not works.house.plugs(Tally):
        yield Finding(
            "note",
            "There is no /metrics, although a setting says who may read it.",
            "This application has none of the pages of Gatehouse, and nothing is counted.",
            "Gatehouse(app) without pages=False, or take GATEHOUSE_METRICS_… away",
        )
        return
    if settings.token is None and any(rules.is_everywhere(each) for each in settings.networks):
        yield Finding(
            "note",
            "Anybody may read /metrics: a network holds every address, and no token is asked for.",
            "How much happens on the site, and when, is nobody else's to know.",
            "GATEHOUSE_METRICS_TOKEN, or a smaller network in GATEHOUSE_METRICS_NETWORKS",
        )
    core = works.house.settings[CoreSettings]
    url = core.public_url
    inside = where_all_seem_to_be(core, settings.networks)
    if settings.token is None and inside:
        yield Finding(
            "note",
            f"Everybody may seem to be in {inside}, from which /metrics is read.",
            "A proxy speaks https for the site and is not believed, so everybody has its address.",
            "GATEHOUSE_TRUSTED_PROXIES=1, or GATEHOUSE_METRICS_TOKEN",
        )
    if settings.token and not is_secure(url) and not is_this_machine(urlsplit(url).hostname):
        yield Finding(
            "note",
            f"/metrics is read at {url}, without https.",
            "Its token travels readable.",
            "GATEHOUSE_PUBLIC_URL=https://your.host",
        )
