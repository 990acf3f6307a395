"""The e-mail addresses of an account: any number, one of them primary.

`User.email` is the primary one, to which letters go; each address is a row of `Identifier`, by
which the account is found. An address belongs to one account at most.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from flask_gatehouse.db.statements import added, changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.users import rules
from flask_gatehouse.features.users.errors import (
    AddressRefused,
    AddressTaken,
    AddressUnproven,
    LastProvenAddress,
    PrimaryAddress,
    UnknownAddress,
)
from flask_gatehouse.features.users.events import (
    AddressAdded,
    AddressProven,
    AddressRemoved,
    PrimaryAddressChanged,
)
from flask_gatehouse.features.users.models import Identifier, User


def of(db: Session, *, user_id: UUID) -> Sequence[Identifier]:
    """Return the addresses of an account, in the order of the alphabet."""
    mine = (Identifier.kind == "email") & (Identifier.user_id == user_id)
    return db.scalars(select(Identifier).where(mine).order_by(Identifier.canonical)).all()


def at(db: Session, *, canonical: str) -> Identifier | None:
    """Return the row of an address, whosever it is; None if nobody has it."""
    return db.scalar(
        select(Identifier).where(Identifier.kind == "email", Identifier.canonical == canonical)
    )


def primary(user: User) -> str | None:
    """Return the canonical form of the address to which letters go; None if there is none."""
    try:
        return rules.canonical_address(user.email) if user.email else None
    except AddressRefused:
        # A host wrote into the table what no letter can be sent to.
        return None


def is_first(user: User, row: Identifier) -> bool:
    """Whether the account was made with this address.

    So counts what is older than the time that is kept: nobody could add an address then.
    """
    return row.added_at is None or row.added_at <= user.created_at


def claim(work: Work, *, user: User, address: str, proven: bool, made_with: bool = False) -> None:
    """Give an account an address. The primary key decides between two who take it at once.

    The first address of an account becomes the primary one.

    Args:
        address: as typed.
        proven: whether the person showed just now that they read the mailbox.
        made_with: whether the account was made with this address, and only the proof came later.

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
        added_at=user.created_at if made_with else work.now,
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


def make_primary(work: Work, *, user: User, address: str) -> None:
    """Let letters go to another address of the account. Hold the account before.

    Raises:
        UnknownAddress: the account does not have it, or not any more.
        AddressUnproven: nobody has shown yet that they read the mailbox.
    """
    row = _row(work, user, address)
    if row.proven_at is None:
        raise AddressUnproven
    user.email, user.updated_at = row.shown or row.canonical, work.now
    work.db.flush()
    work.record(PrimaryAddressChanged(user_id=user.id))


def remove(work: Work, *, user: User, address: str) -> None:
    """Take an address from an account. Hold the account before: two at once could take the last.

    Raises:
        UnknownAddress: the account does not have it, or not any more.
        PrimaryAddress: letters go to it.
        LastProvenAddress: no other one was proven.
    """
    row = _row(work, user, address)
    if row.canonical == primary(user):
        raise PrimaryAddress
    proven = [each for each in of(work.db, user_id=user.id) if each.proven_at is not None]
    if proven == [row]:
        raise LastProvenAddress
    mine = (Identifier.kind == "email") & (Identifier.canonical == row.canonical)
    work.db.expunge(row)
    taking = delete(Identifier).where(mine, Identifier.user_id == user.id)
    if changed(work.db, taking.execution_options(synchronize_session=False)) != 1:
        raise UnknownAddress
    work.record(AddressRemoved(user_id=user.id))


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
