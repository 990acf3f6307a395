"""That an account has a password, for those who take another way in away."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.features.mfa.kinds import WayIn
from flask_gatehouse.features.passwords.models import Password


class ByPassword(WayIn):
    """A password, which is asked for at the login page."""

    def __init__(self, house: House) -> None:
        """Keep nothing."""
        del house

    def is_open(self, db: Session, user_id: UUID) -> bool:
        """Whether the account has one."""
        return db.scalar(select(Password.user_id).where(Password.user_id == user_id)) is not None
