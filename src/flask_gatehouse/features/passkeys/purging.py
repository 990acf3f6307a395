"""Clear away what browsers were asked to sign and did not."""

from flask_gatehouse.core.house import House
from flask_gatehouse.db.purging import Purge
from flask_gatehouse.features.passkeys.models import PasskeyChallenge


def purge(house: House) -> Purge:
    """Return what does so now and then."""
    del house
    return Purge(PasskeyChallenge.digest, PasskeyChallenge.expires_at)
