"""Who may make an account, and what it is before its address is proven."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import Rate, setting


@dataclass(frozen=True)
class RegistrationSettings:
    """Making one's own account."""

    mode: Literal["invitation", "open", "domains", "closed"] = setting(
        "invitation",
        "Who may make an account: whoever is invited, everybody, everybody with an address of "
        "certain domains (and whoever is invited), or nobody, by an invitation neither.",
    )
    domains: tuple[str, ...] = setting(
        (), "Domains of the addresses that may register in the mode `domains`; no subdomains."
    )
    link_lifetime: timedelta = setting(
        timedelta(hours=24),
        "How long the link and the code that prove a new account's address are good.",
        source="NIST SP 800-63B-4 4.2.1.2",
        floor=timedelta(minutes=5),
        cap=timedelta(hours=72),
    )
    unverified_sign_in: timedelta = setting(
        timedelta(0),
        "How long after it was made an account may be signed in to although its address is not "
        "proven; by default never.",
        cap=timedelta(days=7),
    )
    keep_unverified: timedelta = setting(
        timedelta(days=7),
        "How long a new account waits for the proof of its address, before it is erased.",
        floor=timedelta(days=1),
        cap=timedelta(days=30),
    )
    network: Rate = setting(
        Rate(10, timedelta(hours=1)), "Accounts that may be asked for from one network."
    )
    letters: Rate = setting(
        Rate(5, timedelta(hours=1)),
        "Letters about a new account that one address gets; more are not sent.",
    )
    pause: Rate = setting(
        Rate(1, timedelta(minutes=1)),
        "Letters that may be asked for once more for one new account.",
    )

    def __post_init__(self) -> None:
        """Refuse domains that are none, or none where they decide. Raises: Misconfigured."""
        key = "GATEHOUSE_REGISTRATION_DOMAINS"
        for domain in self.domains:
            if "@" in domain or "." not in domain.strip("."):
                msg = f"{key} has {domain!r}, but a domain looks like example.org."
                raise Misconfigured(msg)
        if self.mode == "domains" and not self.domains:
            msg = f"GATEHOUSE_REGISTRATION_MODE is domains, so {key} must name at least one."
            raise Misconfigured(msg)
