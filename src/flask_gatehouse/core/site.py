"""Settings that belong to no single feature: the site as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from flask_gatehouse.core.profiles import Profile
from flask_gatehouse.core.settings import Secret, setting

#: Names of this machine, as they stand in a Host header without its port.
LOOPBACK: Final = ("127.0.0.1", "localhost")


def is_this_machine(host: str | None) -> bool:
    """Whether a host, as it stands in a URL, is the machine that asks."""
    if host is None or host in LOOPBACK:
        return host is not None
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_secure(url: str) -> bool:
    """Whether an address is asked for over https. Of the public URL it decides all that differs."""
    return urlsplit(url).scheme == "https"


@dataclass(frozen=True)
class CoreSettings:
    """What every part of the house may ask for."""

    home: str | None = setting(
        None,
        "Folder for the SQLite database, the generated secret key and the outbox; none is the "
        "application's instance folder.",
    )
    secret_key: Secret | None = setting(
        None,
        "Root of all keys, at least 32 random bytes; none takes the application's SECRET_KEY.",
        source="OWASP ASVS 5.0 11.2.3",
    )
    secret_key_fallbacks: tuple[Secret, ...] = setting(
        (),
        "Former roots, newest first: what they made is still read, nothing new is made with them.",
        source="OWASP ASVS 5.0 13.3.4",
    )
    public_url: str = setting(
        "http://127.0.0.1:5000",
        "Where people reach the site: the only source of links in mails. With https the cookies "
        "are Secure and carry the __Host- prefix, and HSTS is sent.",
        source="OWASP ASVS 5.0 3.3.1, 3.4.1",
    )
    trusted_proxies: int = setting(
        0,
        "How many proxies in front may be believed when they say who is asking, and how.",
        source="OWASP ASVS 5.0 15.3.4",
        floor=0,
        cap=10,
    )
    redis_url: Secret | None = setting(
        None, "Redis in which machines share throttle counters; none counts in the database."
    )
    profile: Profile = setting(
        "standard",
        "How much is asked of the site: stricter profiles change the defaults of other settings, "
        "and `gatehouse doctor` says what they ask beyond that.",
        source="the levels of OWASP ASVS 5.0",
    )
    site_name: str = setting("Gatehouse", "Name of the site on pages and in mails.")


def where_all_seem_to_be(core: CoreSettings, networks: Iterable[str]) -> str | None:
    """Return the first of some networks in which everybody may seem to be, if there is one.

    A proxy that speaks https for the site and is not believed lends its own address to whoever
    asks, and it stands in a network of one's own.
    """
    if not is_secure(core.public_url) or core.trusted_proxies:
        return None
    return next((each for each in networks if ip_network(each).is_private), None)
