"""Send a secret out in a letter, and take it back once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, or_, select, update
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.core.settings import Secret
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.proofs import rules
from flask_gatehouse.features.proofs.errors import ProofSpent, WrongCode
from flask_gatehouse.features.proofs.events import ProofRefused
from flask_gatehouse.features.proofs.models import Proof
from flask_gatehouse.features.proofs.rules import MOST_TRIES, Purpose
from flask_gatehouse.features.throttling import limits
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.throttling.rules import network_of
from flask_gatehouse.features.throttling.settings import ThrottlingSettings
from flask_gatehouse.features.users.models import User

#: The browser that asked types the code beside this name of the letter.
_TICKET_LENGTH: Final = 22


@dataclass(frozen=True)
class Made:
    """A new proof: what goes into the letter, and what the browser that asked may keep."""

    #: 43 URL-safe characters for the link.
    secret: Secret
    #: Eight digits to be typed.
    code: Secret
    #: 22 URL-safe characters that open nothing without the code.
    ticket: str


@dataclass(frozen=True)
class Found:
    """What a proof says."""

    user_id: UUID | None
    address: str
    facts: Mapping[str, Any]
    #: Names the letter to the browser that asked for it.
    ticket: str

    @property
    def owner(self) -> UUID:
        """Whose account it is about. Raises: ProofSpent: nobody's."""
        if self.user_id is None:
            raise ProofSpent
        return self.user_id


@dataclass(frozen=True)
class Open:
    """A proof that was not brought back yet. Nothing of it opens anything."""

    ticket: str
    address: str
    facts: Mapping[str, Any]
    expires_at: datetime


def make(
    work: Work,
    *,
    purpose: Purpose,
    address: str,
    lifetime: timedelta,
    user: User | None = None,
    facts: Mapping[str, object] | None = None,
) -> Made:
    """Return a new secret; older ones of the same purpose and account are void.

    Without an account those of the same purpose and address are; with one those of the same
    address only, if the purpose allows one for each.

    Args:
        address: canonical, the mailbox to which the letter goes; empty if bringing the secret back
            is to prove no mailbox, because it is handed over in other ways as well.
        facts: plain data that the purpose needs later.
    """
    whose = _whose(purpose, user, address)
    work.db.execute(delete(Proof).where(Proof.purpose == purpose.name, whose))
    secret, code, ticket = tokens.new_secret(), rules.new_code(), new_ticket()
    key = work.house.keys.newest(_key(purpose)).value
    epoch = None if user is None or purpose.outlives_changes else user.epoch
    work.db.add(
        Proof(
            digest=tokens.digest(secret, key),
            ticket=ticket,
            code_digest=tokens.digest(f"{ticket} {code}", key),
            purpose=purpose.name,
            user_id=user.id if user is not None else None,
            address=address,
            epoch=epoch,
            facts=dict(facts or {}),
            created_at=work.now,
            expires_at=work.now + lifetime,
        )
    )
    work.db.flush()
    return Made(Secret(secret), Secret(code), ticket)


def new_ticket() -> str:
    """Return a name for a letter; also where none was sent, so that nobody can tell."""
    return tokens.new_public_id()


def open_ones(work: Work, db: Session, *, purpose: Purpose, user_id: UUID) -> Sequence[Open]:
    """Return what an account has open at the moment for a purpose, oldest first."""
    found = _good(work, purpose, Proof.user_id == user_id)
    rows = db.scalars(found.order_by(Proof.created_at, Proof.address)).all()
    return [Open(row.ticket, row.address, dict(row.facts), row.expires_at) for row in rows]


def void(work: Work, *, user_id: UUID, address: str | None = None, outliving: bool = False) -> int:
    """Void what an account has open, whatever for; return how many that were.

    Hold the account before, as whoever uses a proof does.

    Args:
        address: canonical; only what was sent to this mailbox.
        outliving: also what is meant to outlive changes of the account.
    """
    gone = delete(Proof).where(Proof.user_id == user_id)
    if address is not None:
        gone = gone.where(Proof.address == address)
    if not outliving:
        gone = gone.where(Proof.epoch.is_not(None))
    return changed(work.db, gone.execution_options(synchronize_session=False))


def look(work: Work, *, purpose: Purpose, secret: str) -> Found:
    """Return what a link says if it is good at the moment; looking uses nothing up.

    Raises:
        Throttled: too many links were tried from this network.
        ProofSpent: used, expired, replaced, or never was, or the account has changed since.
    """
    if not tokens.well_formed(secret):
        raise ProofSpent
    _count(work)
    with work.reading() as db:
        found = db.scalars(_good(work, purpose, _bears(work, purpose, secret))).one_or_none()
    if found is None:
        _refused(work, purpose)
        raise ProofSpent
    return _told(found)


def spend(work: Work, *, purpose: Purpose, secret: str) -> Found:
    """Use a link up and return what it says. Of two requests at once one gets it.

    Rolling back leaves it good. It must come before the first write of the work: it counts apart.

    Raises:
        Throttled: too many links were tried from this network.
        ProofSpent: as for `look`.
    """
    found = look(work, purpose=purpose, secret=secret)
    _take(work, purpose, _bears(work, purpose, secret), found)
    return found


def spend_code(work: Work, *, purpose: Purpose, ticket: str, code: str) -> Found:
    """Use a letter up by its code. Counts before it looks, and five tries are all there are.

    It must come before the first write of the work.

    Raises:
        Throttled: too many codes were tried from this network.
        WrongCode: wrong, tried too often, used, expired, replaced, or never was.
    """
    _count(work)
    digits = rules.typed_code(code)
    named = Proof.ticket == ticket[:_TICKET_LENGTH]
    with work.reading() as db:
        digest = db.scalars(select(Proof.digest).where(named)).one_or_none()
    with work.apart() as own:
        # By the key, as the row is taken: MariaDB locks on the way to it, and somebody who comes
        # by the ticket would wait for whoever takes it, and that one for them.
        meant = Proof.digest == (digest or b"")
        tries = update(Proof).where(meant, Proof.purpose == purpose.name, Proof.tries < MOST_TRIES)
        counted = changed(
            own.db,
            tries.values(tries=Proof.tries + 1).execution_options(synchronize_session=False),
        )
    with work.reading() as db:
        row = db.scalars(_good(work, purpose, named)).one_or_none()
    if counted != 1 or row is None or digits is None or not _is_code(work, purpose, row, digits):
        _refused(work, purpose, row.user_id if row is not None else None)
        raise WrongCode
    found = _told(row)
    try:
        _take(work, purpose, Proof.digest == row.digest, found)
    except ProofSpent as error:
        raise WrongCode from error
    return found


def counted_as(work: Work, *, purpose: Purpose, ticket: str) -> str:
    """Return under what codes are counted that are typed for whatever letters of one account.

    That is the account; where the letter is about none, its address; and one and the same for
    every name of a letter that never was.
    """
    named = Proof.ticket == ticket[:_TICKET_LENGTH]
    letter = select(Proof.user_id, Proof.address).where(named, Proof.purpose == purpose.name)
    with work.reading() as db:
        found = db.execute(letter).one_or_none()
    if found is None:
        return ""
    return found.user_id.hex if found.user_id is not None else str(found.address)


def _take(work: Work, purpose: Purpose, which: ColumnElement[bool], found: Found) -> None:
    """Delete the row, if the account is still as it was: the number of rows is the verdict."""
    if found.user_id is not None:
        # The account before the proof, as whoever changes it does.
        work.db.execute(select(User.id).where(User.id == found.user_id).with_for_update())
    taking = delete(Proof).where(which, *_still_good(work, purpose))
    if changed(work.db, taking.execution_options(synchronize_session=False)) != 1:
        raise ProofSpent


def _good(work: Work, purpose: Purpose, which: ColumnElement[bool]) -> Select[Proof]:
    return select(Proof).where(which, *_still_good(work, purpose))


def _still_good(work: Work, purpose: Purpose) -> tuple[ColumnElement[bool], ...]:
    """Return what holds for a proof that may be used, to be looked at and to be spent alike.

    The account has to be as it was when the proof was made, unless it was made to outlive that.
    """
    as_it_was = (User.id == Proof.user_id) & (User.epoch == Proof.epoch) & User.open_to_owner
    return (
        Proof.purpose == purpose.name,
        Proof.expires_at > work.now,
        or_(Proof.epoch.is_(None), select(User.id).where(as_it_was).exists()),
    )


def _bears(work: Work, purpose: Purpose, secret: str) -> ColumnElement[bool]:
    return Proof.digest.in_(list(work.house.keys.digests(_key(purpose), secret)))


def _is_code(work: Work, purpose: Purpose, row: Proof, digits: str) -> bool:
    made_with = work.house.keys.digests(_key(purpose), f"{row.ticket} {digits}")
    return any(tokens.same(row.code_digest, each) for each in made_with)


def _whose(purpose: Purpose, user: User | None, address: str) -> ColumnElement[bool]:
    if user is None:
        return Proof.user_id.is_(None) & (Proof.address == address)
    if purpose.one_each_address:
        return (Proof.user_id == user.id) & (Proof.address == address)
    return Proof.user_id == user.id


def _told(row: Proof) -> Found:
    return Found(user_id=row.user_id, address=row.address, facts=dict(row.facts), ticket=row.ticket)


def _count(work: Work) -> None:
    limit = limits.LINKS.under(work.settings(ThrottlingSettings))
    throttling.count(work, attempts=[(limit, network_of(work.origin.address))])


def _refused(work: Work, purpose: Purpose, user_id: UUID | None = None) -> None:
    with work.apart() as own:
        own.record(ProofRefused(user_id=user_id, purpose=purpose.name))


def _key(purpose: Purpose) -> str:
    return f"proofs.{purpose.name}"
