"""What `totp` keeps of a person, besides what hangs on their factors."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.totp.models import TotpSetUp
from flask_gatehouse.features.users.belongings import Belongings


class SetUpBelongings(Belongings):
    """Authenticator apps that were about to be added. Those that were are told of by `mfa`."""

    name = "authenticator_set_ups"

    def tell(self, db: Session, user_id: UUID) -> list[Mapping[str, object]]:
        """Return what was begun when, without what opens anything."""
        mine = select(TotpSetUp).where(TotpSetUp.user_id == user_id)
        return [
            {"name": row.name, "created_at": row.created_at, "expires_at": row.expires_at}
            for row in db.scalars(mine.order_by(TotpSetUp.created_at))
        ]

    def erase(self, work: Work, user_id: UUID) -> None:
        """Forget them."""
        gone = delete(TotpSetUp).where(TotpSetUp.user_id == user_id)
        work.db.execute(gone.execution_options(synchronize_session=False))


def belongings(house: House) -> SetUpBelongings:
    """Return what is kept of a person here."""
    del house
    return SetUpBelongings()
