"""What `login` keeps of a person."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login.models import FirstSignIn, PendingSignIn
from flask_gatehouse.features.users.belongings import Belongings


class SignInBelongings(Belongings):
    """When somebody signed in for the first time."""

    name = "first_sign_in"

    def tell(self, db: Session, user_id: UUID) -> Mapping[str, object]:
        """Return when, if ever."""
        row = db.get(FirstSignIn, user_id)
        return {"at": row.at if row is not None else None}

    def erase(self, work: Work, user_id: UUID) -> None:
        """Forget it."""
        gone = delete(FirstSignIn).where(FirstSignIn.user_id == user_id)
        work.db.execute(gone.execution_options(synchronize_session=False))


def belongings(house: House) -> SignInBelongings:
    """Return what is kept of a person here."""
    del house
    return SignInBelongings()


class PendingBelongings(Belongings):
    """Sign-ins that are half done."""

    name = "pending_sign_ins"

    def tell(self, db: Session, user_id: UUID) -> list[Mapping[str, object]]:
        """Return how far each is, without what continues it."""
        mine = select(PendingSignIn).where(PendingSignIn.user_id == user_id)
        return [
            {"methods": row.methods, "created_at": row.created_at, "expires_at": row.expires_at}
            for row in db.scalars(mine.order_by(PendingSignIn.created_at))
        ]

    def erase(self, work: Work, user_id: UUID) -> None:
        """End all of them."""
        gone = delete(PendingSignIn).where(PendingSignIn.user_id == user_id)
        work.db.execute(gone.execution_options(synchronize_session=False))


def pending(house: House) -> PendingBelongings:
    """Return what is kept of a person here while a sign-in is half done."""
    del house
    return PendingBelongings()
