"""What happens to recovery codes."""

from flask_gatehouse.core.events import Event


class RecoveryCodesMade(Event):
    """A set of recovery codes was made, which voids the one before."""

    name = "recovery_codes.made"
    meaning = "A set of recovery codes was made, which voids the one before."
    sentence = "A new set of recovery codes was made for you; older ones are void."


class RecoveryCodeUsed(Event):
    """A recovery code was used in place of another factor."""

    name = "recovery_codes.used"
    meaning = "A recovery code was used in place of another factor."
    sentence = "One of your recovery codes was used."
    #: Codes of the set that can still be used.
    left: int
