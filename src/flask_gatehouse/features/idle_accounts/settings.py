"""When an account counts as idle."""

from dataclasses import dataclass
from datetime import timedelta

from flask_gatehouse.core.settings import setting


@dataclass(frozen=True)
class IdleAccountSettings:
    """Accounts that nobody uses."""

    after: timedelta | None = setting(
        None,
        "How long nobody has to have signed in to an account before it is deactivated; none "
        "deactivates nobody.",
        source="NIST SP 800-53 AC-2(3)",
        floor=timedelta(days=90),
    )
    warning: timedelta = setting(
        timedelta(days=30),
        "How long before that its owner is warned by a letter.",
        floor=timedelta(days=7),
        cap=timedelta(days=60),
    )
