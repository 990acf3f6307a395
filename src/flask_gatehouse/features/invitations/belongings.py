"""What `invitations` keeps of a person."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.invitations.models import Invited
from flask_gatehouse.features.users.belongings import Belongings


class SentInvitations(Belongings):
    """Invitations that the person sent and nobody accepted yet."""

    name = "open_invitations"

    def tell(self, db: Session, user_id: UUID) -> list[Mapping[str, object]]:
        """Return when they were sent; to whom is a fact about others."""
        mine = select(Invited).where(Invited.invited_by == user_id).order_by(Invited.created_at)
        return [
            {"created_at": each.created_at, "expires_at": each.expires_at}
            for each in db.scalars(mine)
        ]

    def erase(self, work: Work, user_id: UUID) -> None:
        """Take all of them back: nobody answers for them any more."""
        work.db.execute(delete(Invited).where(Invited.invited_by == user_id))


def belongings(house: House) -> SentInvitations:
    """Return what is kept of a person here."""
    del house
    return SentInvitations()
