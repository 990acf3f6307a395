"""How other systems are told what happened."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flask_gatehouse.core.settings import setting


@dataclass(frozen=True)
class WebhookSettings:
    """How events go to other systems."""

    private_hosts: tuple[str, ...] = setting(
        (),
        "Hosts that may be told although their addresses are private, each as it stands in the "
        "URL. Every other one must have public addresses only.",
        source="OWASP ASVS 5.0 1.3.6",
    )
    ca: str | None = setting(
        None,
        "A file of authorities, in PEM, whose certificates receivers may have beside those that "
        "the system trusts; for receivers in a network of one's own.",
        source="OWASP ASVS 5.0 12.3.2, 12.3.4",
    )
    timeout: timedelta = setting(
        timedelta(seconds=10),
        "How long one delivery may take once the name of the host is looked up; the connection has "
        "at most three seconds of it.",
        source="OWASP ASVS 5.0 13.2.6",
        floor=timedelta(seconds=1),
        cap=timedelta(seconds=30),
    )
    give_up_after: timedelta = setting(
        timedelta(days=1),
        "How long a delivery is tried, with growing waits, before it is given up.",
        source="Standard Webhooks 1.0",
        floor=timedelta(minutes=5),
        cap=timedelta(days=7),
    )
    disable_after: timedelta = setting(
        timedelta(days=3),
        "How long a receiver may fail, without one delivery that it took, before nothing is sent "
        "to it any more and administrators are told.",
        source="Standard Webhooks 1.0",
        floor=timedelta(hours=1),
        cap=timedelta(days=30),
    )
    rotation: timedelta = setting(
        timedelta(days=1),
        "How long a former secret signs as well, after a new one was made.",
        source="Standard Webhooks 1.0",
        floor=timedelta(0),
        cap=timedelta(days=30),
    )
    retention: timedelta = setting(
        timedelta(days=7),
        "How long is kept that a delivery was made or given up; what it said goes at once, or, if "
        "it was given up, with it.",
        floor=timedelta(hours=1),
        cap=timedelta(days=90),
    )
    endpoints: int = setting(20, "How many receivers there may be.", floor=1, cap=100)
    worker: Literal["thread", "none"] = setting(
        "thread",
        "Who sends: thread (one in each process that serves), or none, where gatehouse webhooks "
        "send is called from outside.",
    )
