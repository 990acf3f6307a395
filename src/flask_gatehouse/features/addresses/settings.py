"""How addresses are confirmed, and for how long a change can be undone."""

from dataclasses import dataclass
from datetime import timedelta

from flask_gatehouse.core.settings import Rate, setting


@dataclass(frozen=True)
class AddressSettings:
    """Letters about addresses."""

    lifetime: timedelta = setting(
        timedelta(hours=1),
        "How long the link and the code are good that add an address.",
        source="NIST SP 800-63B-4 4.2.1.2",
        floor=timedelta(minutes=5),
        cap=timedelta(hours=24),
    )
    undo_lifetime: timedelta = setting(
        timedelta(days=7),
        "How long the former primary address can be put back by the letter to it.",
        source="OWASP Authentication cheat sheet",
        floor=timedelta(days=1),
        cap=timedelta(days=30),
    )
    per_address: Rate = setting(
        Rate(5, timedelta(hours=1)),
        "Letters to one address that is to be added, by whatever account.",
    )
    pause: Rate = setting(
        Rate(1, timedelta(minutes=1)),
        "How soon a letter to an address that is to be added follows another one.",
    )
    per_person: Rate = setting(
        Rate(20, timedelta(hours=1)), "Changes of the addresses of one account."
    )
    network: Rate = setting(
        Rate(40, timedelta(hours=1)), "Changes of addresses from one network, whosever they are."
    )
