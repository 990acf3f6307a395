"""The e-mail addresses of an account: any number, one of them primary.

`User.email` is the primary one, to which letters go; each address is a row of `Identifier`, by
which the account is found. An address belongs to one account at most.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flask_gatehouse.db.statements import added
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.users import rules
from flask_gatehouse.features.users.errors import (
    AddressTaken,
    UnknownAddress,
)
from flask_gatehouse.features.users.events import (
    AddressAdded,
    AddressProven,
)
from flask_gatehouse.features.users.models import Identifier, User


def of(db: Session, *, user_id: UUID) -> Sequence[Identifier]:
    """Return the addresses of an account, in the order of the alphabet."""
    mine = (Identifier.kind == "email") & (Identifier.user_id == user_id)
    return db.scalars(select(Identifier).where(mine).order_by(Identifier.canonical)).all()


def claim(work: Work, *, user: User, address: str, proven: bool) -> None:
    """Give an account an address. The primary key decides between two who take it at once.

    The first address of an account becomes the primary one.

    Args:
        address: as typed.
        proven: whether the person showed just now that they read the mailbox.

    Raises:
        AddressRefused: the form is not acceptable.
        AddressTaken: another account has it.
    """
    canonical = rules.canonical_address(address)
    is_new = added(
        work.db,
        Identifier,
        kind="email",
        canonical=canonical,
        user_id=user.id,
        version=rules.CANONICAL_VERSION,
        shown=address.strip(),
        proven_at=work.now if proven else None,
    )
    if is_new:
        if user.email is None:
            user.email, user.updated_at = address.strip(), work.now
            work.db.flush()
        work.record(AddressAdded(user_id=user.id, proven=proven))
        return
    mine = (Identifier.kind == "email") & (Identifier.canonical == canonical)
    owner = work.db.scalar(select(Identifier.user_id).where(mine))
    if owner != user.id:
        raise AddressTaken
    if proven:
        prove(work, user=user, address=address)


def prove(work: Work, *, user: User, address: str) -> None:
    """Note that the person reads this mailbox.

    Raises:
        UnknownAddress: the account does not have it, or not any more.
    """
    row = _row(work, user, address)
    if row.proven_at is None:
        row.proven_at = work.now
        work.db.flush()
        work.record(AddressProven(user_id=user.id))


def _row(work: Work, user: User, address: str) -> Identifier:
    """Return the row of an address, held until the commit."""
    identified = rules.identify(address)
    if identified is None or identified[0] != "email":
        raise UnknownAddress
    mine = (Identifier.kind == "email") & (Identifier.canonical == identified[1])
    found = select(Identifier).where(mine, Identifier.user_id == user.id).with_for_update()
    row = work.db.scalar(found)
    if row is None:
        raise UnknownAddress
    return row
