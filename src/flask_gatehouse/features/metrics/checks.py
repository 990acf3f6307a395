"""What is looked at before the start, if somebody may read the numbers."""

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.house import House
from flask_gatehouse.features.metrics import rules
from flask_gatehouse.features.metrics.settings import MetricsSettings


def check(house: House) -> None:
    """Return if the token and the networks can be used. Raises: Misconfigured."""
    settings = house.settings[MetricsSettings]
    if settings.token is not None and not rules.is_token(settings.token):
        msg = (
            f"GATEHOUSE_METRICS_TOKEN must have at least {rules.SHORTEST_TOKEN} characters, of "
            "letters, digits and -._~+/ only; make one with python3 -c 'import secrets; "
            "print(secrets.token_urlsafe(32))'."
        )
        raise Misconfigured(msg)
    for each in settings.networks:
        try:
            rules.network(each)
        except ValueError:
            msg = f"GATEHOUSE_METRICS_NETWORKS has {each!r}, which is no network like 10.0.0.0/8."
            raise Misconfigured(msg) from None
