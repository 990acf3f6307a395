"""Clear away sign-ins that stayed half done."""

from flask_gatehouse.core.house import House
from flask_gatehouse.db.purging import Purge
from flask_gatehouse.features.login.models import PendingSignIn


def purge(house: House) -> Purge:
    """Return what does so now and then."""
    del house
    return Purge(PendingSignIn.digest, PendingSignIn.expires_at)
