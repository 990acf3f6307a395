"""What `passkeys` keeps of a person."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.passkeys.models import Passkey, PasskeyChallenge, PasskeyOwner
from flask_gatehouse.features.users.belongings import Belongings


class PasskeyBelongings(Belongings):
    """Passkeys. What they are called, and when they were used, is told with the factors."""

    name = "passkeys"

    def tell(self, db: Session, user_id: UUID) -> Mapping[str, object]:
        """Return of each what is known, without the public key, which is nothing to read."""
        found = db.scalars(select(Passkey).where(Passkey.user_id == user_id))
        owner = db.get(PasskeyOwner, user_id)
        return {
            "asked_no_more": owner is not None and owner.declined,
            "keys": [
                {
                    "uses": each.sign_count,
                    "may_be_copied": each.backup_eligible,
                    "copied": each.backed_up,
                    "reached_by": each.transports.split(),
                    "make": each.aaguid,
                }
                for each in found
            ],
        }

    def erase(self, work: Work, user_id: UUID) -> None:
        """Delete them, and what they were asked to sign."""
        for table in (PasskeyChallenge, Passkey, PasskeyOwner):
            gone = delete(table).where(table.user_id == user_id)
            work.db.execute(gone.execution_options(synchronize_session=False))


def belongings(house: House) -> PasskeyBelongings:
    """Return what is kept of a person here."""
    del house
    return PasskeyBelongings()
