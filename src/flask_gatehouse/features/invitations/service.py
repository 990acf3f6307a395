"""Invite people, and let them make their account once."""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.db.statements import added, changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.invitations import limits
from flask_gatehouse.features.invitations.errors import (
    AlreadyInvited,
    MayNotInvite,
    UnknownInvitation,
)
from flask_gatehouse.features.invitations.events import (
    InvitationAccepted,
    InvitationRevoked,
    InvitationSent,
)
from flask_gatehouse.features.invitations.models import Invited
from flask_gatehouse.features.invitations.rules import ACCEPT
from flask_gatehouse.features.invitations.settings import InvitationSettings
from flask_gatehouse.features.mail import service as mail
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.errors import ProofSpent
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import AddressTaken
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rules import (
    canonical_address,
    canonical_name,
    mailing_address,
)

#: Makes the address of a link from its secret.
LinkOf = Callable[[str], str]

#: Most that a page lists.
_MOST_LISTED: Final = 500


def open_ones(db: Session) -> Sequence[Invited]:
    """Return who is invited, newest first; also who let the time pass, for a week."""
    order = select(Invited).order_by(Invited.created_at.desc(), Invited.canonical)
    return db.scalars(order.limit(_MOST_LISTED)).all()


def at(db: Session, *, address: str) -> Invited:
    """Return the invitation of an address. Raises: AddressRefused, UnknownInvitation."""
    found = db.get(Invited, canonical_address(address))
    if found is None:
        raise UnknownInvitation
    return found


def send(work: Work, *, inviter: User | None, address: str, admin: bool, link_of: LinkOf) -> None:
    """Invite an address; one of before is void, whoever sent it.

    Where somebody has the address already, they get a letter that says so, and everything else is
    the same: whoever invites does not learn it.

    Args:
        inviter: None for the command line, which nobody limits.
        admin: whether the account will be an administrator's.

    Raises:
        AddressRefused: the form is not acceptable.
        MayNotInvite: the inviter is no active administrator at this moment.
        Throttled: too many, by this person or to this address.
        AlreadyInvited: somebody else did at the same moment.
    """
    canonical, shown = canonical_address(address), mailing_address(address.strip())
    _count(work, inviter, canonical)
    _judge(work, inviter)
    work.db.execute(delete(Invited).where(Invited.canonical == canonical))
    _write(work, inviter=inviter, canonical=canonical, shown=shown, admin=admin, link_of=link_of)


def resend(work: Work, *, inviter: User | None, public_id: str, link_of: LinkOf) -> None:
    """Send the letter again, good for the whole time; the link of before is void.

    Whoever sends it again answers for it from now on.

    Raises:
        UnknownInvitation: there is none, or it was accepted or taken back meanwhile.
        MayNotInvite, Throttled, AlreadyInvited: as for `send`.
    """
    with work.reading() as db:
        found = _named(db, public_id)
    _count(work, inviter, found.canonical)
    _judge(work, inviter)
    if changed(work.db, delete(Invited).where(Invited.public_id == public_id)) != 1:
        raise UnknownInvitation
    _write(
        work,
        inviter=inviter,
        canonical=found.canonical,
        shown=found.shown,
        admin=found.admin,
        link_of=link_of,
    )


def revoke(work: Work, *, inviter: User | None, public_id: str) -> None:
    """Take an invitation back; its link opens nothing from now on.

    Raises:
        MayNotInvite: as for `send`.
        UnknownInvitation: as for `resend`.
    """
    _judge(work, inviter)
    if changed(work.db, delete(Invited).where(Invited.public_id == public_id)) != 1:
        raise UnknownInvitation
    work.record(InvitationRevoked(user_id=inviter.id if inviter is not None else None))


def look(work: Work, *, secret: str) -> str:
    """Return the invited address if a link is good at the moment; looking uses nothing up.

    Raises:
        Throttled: too many links were tried from this network.
        ProofSpent: used, expired, replaced, taken back, or never was.
    """
    found = proofs.look(work, purpose=ACCEPT, secret=secret)
    with work.reading() as db:
        invited = db.scalar(select(Invited).where(_good(work, found)))
    if invited is None:
        raise ProofSpent
    return invited.shown


def accept(work: Work, *, secret: str, username: str, password: str) -> None:
    """Spend an invitation on a new account with the invited address. Does not sign in.

    The role is given only if whoever invited may still give it.

    Raises:
        Throttled: too many links were tried from this network.
        NameRefused, NameTaken, PasswordRefused: the invitation stays good.
        ProofSpent: as for `look`, or somebody has the address by now; of two at once one gets this.
    """
    address = look(work, secret=secret)
    canonical_name(username)
    sealed = passwords.seal(work, password=password, about=(username, address))
    found = proofs.spend(work, purpose=ACCEPT, secret=secret)
    invited = work.db.scalar(select(Invited).where(_good(work, found)))
    if invited is None:
        raise ProofSpent
    shown, admin = invited.shown, invited.admin and _stands_for(work, invited.invited_by)
    taking = delete(Invited).where(_good(work, found))
    if changed(work.db, taking.execution_options(synchronize_session=False)) != 1:
        raise ProofSpent
    work.db.expunge(invited)
    user = users.create(work, username=username, admin=admin)
    try:
        addresses.claim(work, user=user, address=shown, proven=True)
    except AddressTaken as error:
        raise ProofSpent from error
    passwords.keep(work, user=user, sealed=sealed)
    work.record(InvitationAccepted(user_id=user.id, administrator=admin))


def _count(work: Work, inviter: User | None, canonical: str) -> None:
    if inviter is None:
        return
    settings = work.settings(InvitationSettings)
    attempts = [
        (limits.PERSON.under(settings), inviter.id.hex),
        (limits.PAUSE.under(settings), canonical),
        (limits.ADDRESS.under(settings), canonical),
    ]
    throttling.count(work, attempts=attempts)


def _judge(work: Work, inviter: User | None) -> None:
    if inviter is not None and not _stands_for(work, inviter.id):
        raise MayNotInvite


def _stands_for(work: Work, user_id: UUID | None) -> bool:
    """Whether who invited may do so by what the database says now, held until the commit."""
    if user_id is None:
        return True
    good = (User.id == user_id) & User.active & User.is_admin
    return work.db.scalar(select(User.id).where(good).with_for_update(read=True)) is not None


def _named(db: Session, public_id: str) -> Invited:
    found = db.scalar(select(Invited).where(Invited.public_id == public_id))
    if found is None:
        raise UnknownInvitation
    return found


def _good(work: Work, found: proofs.Found) -> ColumnElement[bool]:
    named = Invited.public_id == str(found.facts.get("invited", ""))
    return named & (Invited.canonical == found.address) & (Invited.expires_at > work.now)


def _write(
    work: Work,
    *,
    inviter: User | None,
    canonical: str,
    shown: str,
    admin: bool,
    link_of: LinkOf,
) -> None:
    lifetime = work.settings(InvitationSettings).lifetime
    public_id = tokens.new_public_id()
    inviter_id = inviter.id if inviter is not None else None
    first = added(
        work.db,
        Invited,
        canonical=canonical,
        public_id=public_id,
        shown=shown,
        admin=admin,
        invited_by=inviter_id,
        created_at=work.now,
        expires_at=work.now + lifetime,
    )
    if not first:
        raise AlreadyInvited
    made = proofs.make(
        work, purpose=ACCEPT, address=canonical, lifetime=lifetime, facts={"invited": public_id}
    )
    facts = {
        "link": link_of(str(made.secret)),
        "hours": max(1, round(lifetime.total_seconds() / 3600)),
    }
    known = users.find(work.db, canonical) is not None
    mail.post(
        work,
        letter="invited_already" if known else "invited",
        recipient=shown,
        facts={} if known else facts,
        good_until=work.now + lifetime,
    )
    work.record(InvitationSent(user_id=inviter_id, administrator=admin))
