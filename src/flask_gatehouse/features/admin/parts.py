"""What `admin` puts into the house."""

from ipaddress import ip_network

from flask_gatehouse.core.house import House
from flask_gatehouse.features.admin.settings import AdminSettings
from flask_gatehouse.web.entrance import ConsoleRules


def rules(house: House) -> ConsoleRules:
    """Return from where the console is entered, and what a proof is worth there for how long."""
    settings = house.settings[AdminSettings]
    return ConsoleRules(
        networks=tuple(ip_network(each) for each in settings.networks),
        fresh_for=settings.fresh_for,
        idle=settings.idle,
    )
