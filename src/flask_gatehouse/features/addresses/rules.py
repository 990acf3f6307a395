"""What letters about addresses prove, and who may have a way back."""

from datetime import datetime, timedelta
from typing import Final

from flask_gatehouse.features.proofs.rules import Purpose

#: Bound to the epoch of the account: a new password or a suspension voids it.
ADD: Final = Purpose("addresses.add", one_each_address=True)

#: The way back of an owner whom a stranger tries to lock out outlives what the stranger changes.
UNDO: Final = Purpose("addresses.undo", outlives_changes=True)


def may_come_back(
    *, first: bool, proven_at: datetime | None, now: datetime, life: timedelta
) -> bool:
    """Whether a former primary address gets a way back.

    One that was added lately gets none: somebody who has a session for a minute could add an
    address, make it primary and not so again, and so hold a way back of their own.

    Args:
        first: whether the account was made with it.
        proven_at: when its mailbox was proven, if ever.
        life: for how long a way back is open.
    """
    return first or (proven_at is not None and proven_at <= now - life)
