"""What `proofs` keeps of a person."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.proofs.models import Proof
from flask_gatehouse.features.users.belongings import Belongings


class ProofBelongings(Belongings):
    """Letters whose links have not been used."""

    name = "open_links"

    def tell(self, db: Session, user_id: UUID) -> list[Mapping[str, object]]:
        """Return what was sent where, without what opens anything."""
        found = db.scalars(select(Proof).where(Proof.user_id == user_id).order_by(Proof.created_at))
        return [
            {
                "purpose": proof.purpose,
                "address": proof.address,
                "created_at": proof.created_at,
                "expires_at": proof.expires_at,
            }
            for proof in found
        ]

    def erase(self, work: Work, user_id: UUID) -> None:
        """Void all of them."""
        work.db.execute(delete(Proof).where(Proof.user_id == user_id))


def belongings(house: House) -> ProofBelongings:
    """Return what is kept of a person here."""
    del house
    return ProofBelongings()
