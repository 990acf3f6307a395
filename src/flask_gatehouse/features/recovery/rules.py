"""What letters of a recovery prove."""

from typing import Final

from flask_gatehouse.features.proofs.rules import Purpose

#: Bound to the epoch of the account: any new password voids it.
RECOVER: Final = Purpose("recovery.recover")
