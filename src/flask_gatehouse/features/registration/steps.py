"""What holds the door while the address of a new account is not proven."""

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.login.service import LoginStep
from flask_gatehouse.features.registration.errors import NotVerified
from flask_gatehouse.features.registration.models import Registration
from flask_gatehouse.features.registration.rules import is_waiting
from flask_gatehouse.features.registration.settings import RegistrationSettings
from flask_gatehouse.features.users.models import User


class AddressFirst(LoginStep):
    """Lets nobody in who registered and proved no address, beyond the time that is given them."""

    def hold(self, work: Work, attempt: Attempt, wish: Wish) -> None:
        """Return if the attempt may pass. Raises: NotVerified."""
        del wish
        account = work.db.get(User, attempt.user_id) if attempt.user_id is not None else None
        # Most accounts are answered by this, at no cost.
        if account is None or not is_waiting(account):
            return
        row = work.db.get(Registration, account.id)
        grace = work.settings(RegistrationSettings).unverified_sign_in
        if row is not None and work.now >= row.created_at + grace:
            raise NotVerified(hand=row.ticket)


def address_first(house: House) -> AddressFirst:
    """Return what holds the door."""
    del house
    return AddressFirst()
