"""The e-mail addresses of an account: any number, one of them primary.

`User.email` is the primary one, to which letters go; each address is a row of `Identifier`, by
which the account is found. An address belongs to one account at most.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from flask_gatehouse.db.statements import added, changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.users import rules
from flask_gatehouse.features.users.errors import (
    AddressNotProven,
    AddressTaken,
    PrimaryAddress,
    UnknownAddress,
)
from flask_gatehouse.features.users.events import (
    AddressAdded,
    AddressProven,
    AddressRemoved,
    PrimaryAddressSet,
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


def remove(work: Work, *, user: User, address: str) -> None:
    """Take an address from an account.

    Raises:
        UnknownAddress: the account does not have it.
        PrimaryAddress: letters go there.
    """
    row = _row(work, user, address)
    if user.email is not None and rules.canonical_address(user.email) == row.canonical:
        raise PrimaryAddress
    gone = (Identifier.kind == "email") & (Identifier.canonical == row.canonical)
    if changed(work.db, delete(Identifier).where(gone, Identifier.user_id == user.id)) == 1:
        work.record(AddressRemoved(user_id=user.id))


def make_primary(work: Work, *, user: User, address: str) -> None:
    """Have letters go to this address of the account from now on.

    What was sent to the one before is still good: the caller voids it.

    Raises:
        UnknownAddress: the account does not have it.
        AddressNotProven: nobody showed that they read the mailbox.
    """
    row = _row(work, user, address)
    if row.proven_at is None:
        raise AddressNotProven
    values = {"email": row.shown or row.canonical, "updated_at": work.now}
    setting = update(User).where(User.id == user.id).values(**values)
    work.db.execute(setting.execution_options(synchronize_session=False))
    work.db.refresh(user)
    work.record(PrimaryAddressSet(user_id=user.id))


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
