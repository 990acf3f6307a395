"""How long somebody who leaves may come back."""

from dataclasses import dataclass
from datetime import timedelta

from flask_gatehouse.core.settings import setting


@dataclass(frozen=True)
class LeavingSettings:
    """Leaving, and the way back."""

    grace: timedelta = setting(
        timedelta(days=14),
        "How long an account that its owner deleted is closed and can be opened again, before it "
        "is gone for good.",
        floor=timedelta(days=1),
        cap=timedelta(days=90),
    )
    names_after: timedelta = setting(
        timedelta(days=90),
        "How long nobody can take the user name of an account that was erased; 0s lets it go at "
        "once.",
        floor=timedelta(0),
        cap=timedelta(days=3650),
    )
