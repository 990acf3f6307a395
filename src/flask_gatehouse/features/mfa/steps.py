"""What holds the door while a factor of the account was not proven, or is missing."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.login import pending
from flask_gatehouse.features.login.attempts import Attempt, Browser, Wish
from flask_gatehouse.features.login.service import LoginStep
from flask_gatehouse.features.mfa import kinds, policy, resetting, rules, service, trusting
from flask_gatehouse.features.mfa.errors import EnrolmentOwed, FactorWanted, SecondStepOwed
from flask_gatehouse.features.mfa.settings import MfaSettings
from flask_gatehouse.features.sessions.finding import Standing
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User


class SecondStep(LoginStep):
    """Lets nobody in who has a factor and has not proven it, whatever the way in."""

    def __init__(self, house: House) -> None:
        """Look at the kinds later: they may be made after this."""
        self._house = house
        if house.settings[MfaSettings].may_require:
            self.watches = "everything"

    def recognise(self, work: Work, attempt: Attempt, browser: Browser) -> Attempt:
        """Return the attempt, by the browser as well if it was let off the second step."""
        if attempt.user_id is None or not browser.trusted or rules.is_two_step(attempt.methods):
            return attempt
        epoch = users.hold(work, user_id=attempt.user_id).epoch
        if not trusting.vouches(work, value=browser.trusted, user_id=attempt.user_id, epoch=epoch):
            return attempt
        return replace(attempt, methods=(*attempt.methods, rules.TRUSTED))

    def hold(self, work: Work, attempt: Attempt, wish: Wish) -> None:
        """Return if the attempt may pass. Raises: SecondStepOwed, EnrolmentOwed."""
        if attempt.user_id is None or rules.is_two_step(attempt.methods):
            return
        owned = service.methods_now(work, user_id=attempt.user_id)
        if owned & kinds.those_that_count(self._house) and not self._reset(work, attempt, wish):
            raise SecondStepOwed(hand=str(pending.begin(work, attempt=attempt, wish=wish)))
        ends = policy.deadline(work, user=users.by_id(work.db, attempt.user_id))
        if ends is not None and ends <= work.now:
            owes = pending.ENROLMENT
            made = pending.begin(work, attempt=attempt, wish=wish, owes=owes)
            raise EnrolmentOwed(hand=str(made))

    def word(self, work: Work, user: User) -> str | None:
        """Return until when somebody may do without a factor that is required of them."""
        ends = policy.deadline(work, user=user)
        if ends is None or self._asks_for_more(work.db, user.id):
            return None
        return f"This site asks for a second step. Set one up before {ends:%Y-%m-%d %H:%M} UTC."

    def is_content(self, db: Session, standing: Standing) -> bool:
        """Whether a session proves what the account has by now, by the person and no browser."""
        if standing.user is None or rules.is_proven(standing.methods):
            return True
        return not self._asks_for_more(db, standing.user.id)

    def demand_two(self, db: Session, standing: Standing) -> None:
        """Return if the account has a second factor to prove. Raises: FactorWanted."""
        if standing.user is not None and not self._asks_for_more(db, standing.user.id):
            raise FactorWanted

    def stands(self, works: Works, standing: Standing) -> bool:
        """Whether an open session may go on where a factor is required."""
        return policy.stands(works, standing)

    def _reset(self, work: Work, attempt: Attempt, wish: Wish) -> bool:
        """Take the factors away if that is due; whoever confirms still has their session."""
        if attempt.user_id is None or wish.confirms is not None:
            return False
        return resetting.carry_out(work, user_id=attempt.user_id)

    def _asks_for_more(self, db: Session, user_id: UUID) -> bool:
        """Ask the database each time: what was set up a moment ago counts."""
        owned = service.methods_of(db, user_id=user_id)
        return bool(owned & kinds.those_that_count(self._house))
