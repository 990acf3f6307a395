"""What holds the door while a factor of the account was not proven."""

from uuid import UUID

from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import pending
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.login.service import LoginStep
from flask_gatehouse.features.mfa import kinds, rules, service
from flask_gatehouse.features.mfa.errors import SecondStepOwed
from flask_gatehouse.features.sessions.finding import Standing


class SecondStep(LoginStep):
    """Lets nobody in who has a factor and has not proven it, whatever the way in."""

    def __init__(self, house: House) -> None:
        """Look at the kinds later: they may be made after this."""
        self._house = house

    def hold(self, work: Work, attempt: Attempt, wish: Wish) -> None:
        """Return if the attempt may pass. Raises: SecondStepOwed."""
        if attempt.user_id is None or rules.is_two_step(attempt.methods):
            return
        if self._asks_for_more(work.db, attempt.user_id):
            raise SecondStepOwed(hand=str(pending.begin(work, attempt=attempt, wish=wish)))

    def is_content(self, db: Session, standing: Standing) -> bool:
        """Whether a session proves what the account has by now."""
        if standing.user is None or rules.is_two_step(standing.methods):
            return True
        return not self._asks_for_more(db, standing.user.id)

    def _asks_for_more(self, db: Session, user_id: UUID) -> bool:
        """Ask the database each time: what was set up a moment ago counts."""
        counting = kinds.those_that_count(self._house)
        return bool(counting) and bool(service.methods_of(db, user_id=user_id) & counting)
