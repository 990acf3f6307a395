"""The way back into an account that its owner put aside: the right password, and one button.

Until the password is right this is an ordinary sign-in, with the answers of any other. After it the
browser holds a secret for some minutes, and the button spends it.
"""

from datetime import timedelta
from typing import Final

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login.attempts import Attempt
from flask_gatehouse.features.passwords.errors import PutAside
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.errors import ProofSpent
from flask_gatehouse.features.proofs.rules import Purpose
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import NotDeactivated

#: Bound to the epoch: suspending, another password and coming back void it.
RETURN: Final = Purpose("passwords.return")

#: A sign-in that is half done is not kept for longer.
_LIFETIME: Final = timedelta(minutes=10)

#: No letter carries it: it stays in the browser that knew the password.
_NO_MAILBOX: Final = ""


def offer(work: Work, *, attempt: Attempt) -> None:
    """Open the way back for an account that was put aside; return for any other.

    Args:
        attempt: what the right password proved.

    Raises:
        PutAside: what was written for the way back has to be committed.
    """
    if attempt.user_id is None:
        return
    # Held, as the desk holds it next.
    user = users.hold(work, user_id=attempt.user_id)
    if user.active or user.deactivated_at is None or user.epoch != attempt.epoch:
        # In use, or changed since the password was read: the desk says what becomes of it.
        return
    made = proofs.make(work, purpose=RETURN, user=user, address=_NO_MAILBOX, lifetime=_LIFETIME)
    raise PutAside(hand=str(made.secret))


def look(work: Work, *, secret: str) -> None:
    """Return if the way back is open. Raises: Throttled, ProofSpent."""
    proofs.look(work, purpose=RETURN, secret=secret)


def take(work: Work, *, secret: str) -> Attempt:
    """Take the account into use again; return what opens a session for its owner.

    Raises:
        Throttled: too many links were tried from this network.
        ProofSpent: used, over, or the account has changed since; of two at once one gets this.
    """
    found = proofs.spend(work, purpose=RETURN, secret=secret)
    if found.user_id is None:
        raise ProofSpent
    try:
        users.reactivate(work, user_id=found.user_id)
    except NotDeactivated as error:
        raise ProofSpent from error
    epoch, _ = users.state(work.db, user_id=found.user_id)
    return Attempt(user_id=found.user_id, methods=("password",), epoch=epoch)
