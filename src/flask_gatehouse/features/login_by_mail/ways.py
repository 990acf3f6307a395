"""That an account can be entered by a letter, for those who take another way in away."""

from uuid import UUID

from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.features.login_by_mail import service
from flask_gatehouse.features.login_by_mail.settings import LoginByMailSettings
from flask_gatehouse.features.mfa.kinds import WayIn
from flask_gatehouse.features.users.models import User


class ByLetter(WayIn):
    """A letter to a proven address, where the site allows that."""

    def __init__(self, house: House) -> None:
        """Remember whether it does."""
        self._allowed = house.settings[LoginByMailSettings].allowed

    def is_open(self, db: Session, user_id: UUID) -> bool:
        """Whether the account would get one."""
        user = db.get(User, user_id) if self._allowed else None
        return user is not None and service.can_enter(db, user=user)
