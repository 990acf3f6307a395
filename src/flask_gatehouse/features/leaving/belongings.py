"""What is kept of a person by those who stand below `users`, and by `users` itself."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.audit import forgetting
from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.leaving import names
from flask_gatehouse.features.leaving.models import Departure
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.users.belongings import Belongings
from flask_gatehouse.features.users.models import Identifier, User


class AccountBelongings(Belongings):
    """The account, and the names by which it is found."""

    name = "account"

    def tell(self, db: Session, user_id: UUID) -> Mapping[str, object]:
        """Return the account as its owner knows it."""
        user = db.get(User, user_id)
        if user is None:
            return {}
        mine = (Identifier.user_id == user_id) & (Identifier.kind == "email")
        found = db.scalars(select(Identifier).where(mine).order_by(Identifier.canonical))
        return {
            "id": user.id,
            "username": user.username,
            "email": user.email,
            "addresses": [
                {
                    "address": row.shown or row.canonical,
                    "added_at": row.added_at,
                    "proven_at": row.proven_at,
                }
                for row in found
            ],
            "active": user.active,
            "deactivated_at": user.deactivated_at,
            "signed_in_at": user.signed_in_at,
            "administrator": user.is_admin,
            "created_at": user.created_at,
            "updated_at": user.updated_at,
        }

    def erase(self, work: Work, user_id: UUID) -> None:
        """Keep the name back. The account itself is left to `users.erase`: it goes last."""
        names.keep_back(work, user_id=user_id)


class LetterBelongings(Belongings):
    """Letters in the outbox."""

    name = "letters"

    def tell(self, db: Session, user_id: UUID) -> list[Mapping[str, object]]:
        """Return what was sent when. Not the text: it holds links that open something."""
        found = select(Letter).where(Letter.user_id == user_id).order_by(Letter.created_at)
        return [
            {
                "letter": row.kind,
                "recipient": row.recipient,
                "created_at": row.created_at,
                "sent_at": row.sent_at,
            }
            for row in db.scalars(found)
        ]

    def erase(self, work: Work, user_id: UUID) -> None:
        """Delete them, sent or not."""
        gone = delete(Letter).where(Letter.user_id == user_id)
        work.db.execute(gone.execution_options(synchronize_session=False))


class RecordBelongings(Belongings):
    """What the record has of the account."""

    name = "record"

    def tell(self, db: Session, user_id: UUID) -> list[Mapping[str, object]]:
        """Return what happened to the account, the oldest first. Not the facts, as on its page."""
        shown = (AuditRow.at, AuditRow.name, AuditRow.outcome, AuditRow.address, AuditRow.agent)
        mine = select(*shown).where(AuditRow.user_id == user_id).order_by(AuditRow.at, AuditRow.id)
        return [
            {
                "at": row.at,
                "event": row.name,
                "outcome": row.outcome,
                "address": row.address,
                "browser": row.agent,
            }
            for row in db.execute(mine)
        ]

    def erase(self, work: Work, user_id: UUID) -> None:
        """Forget what is personal in it. The chain stays whole, and its id leads to nobody."""
        forgetting.forget(work, user_id=user_id)


def account(house: House) -> AccountBelongings:
    """Return what `users` keeps of a person."""
    del house
    return AccountBelongings()


def letters(house: House) -> LetterBelongings:
    """Return what `mail` keeps of a person."""
    del house
    return LetterBelongings()


def record(house: House) -> RecordBelongings:
    """Return what `audit` keeps of a person."""
    del house
    return RecordBelongings()


class DepartureBelongings(Belongings):
    """Whether the person is leaving."""

    name = "departure"

    def tell(self, db: Session, user_id: UUID) -> Mapping[str, object]:
        """Return when it was asked for, and when the account goes."""
        row = db.get(Departure, user_id)
        return {
            "asked_at": row.asked_at if row is not None else None,
            "erase_at": row.erase_at if row is not None else None,
        }

    def erase(self, work: Work, user_id: UUID) -> None:
        """Delete it."""
        gone = delete(Departure).where(Departure.user_id == user_id)
        work.db.execute(gone.execution_options(synchronize_session=False))


def departure(house: House) -> DepartureBelongings:
    """Return whether a person is leaving."""
    del house
    return DepartureBelongings()
