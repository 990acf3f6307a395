"""Invite people, and let them make their account once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, true
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.db.statements import added, changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.invitations import limits
from flask_gatehouse.features.invitations.errors import (
    AlreadyInvited,
    InvitationsClosed,
    MayNotInvite,
    UnknownInvitation,
)
from flask_gatehouse.features.invitations.events import (
    InvitationAccepted,
    InvitationRevoked,
    InvitationSent,
)
from flask_gatehouse.features.invitations.inviters import may_invite
from flask_gatehouse.features.invitations.models import Invited
from flask_gatehouse.features.invitations.rules import ACCEPT
from flask_gatehouse.features.invitations.settings import InvitationSettings
from flask_gatehouse.features.mail import service as mail
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.errors import ProofSpent
from flask_gatehouse.features.registration.settings import RegistrationSettings
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.users import addresses, names
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import AddressTaken
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rules import (
    canonical_address,
    mailing_address,
)

#: Makes the address of a link from its secret.
LinkOf = Callable[[str], str]

#: Most that a page lists.
_MOST_LISTED: Final = 500


@dataclass(frozen=True)
class Listed:
    """An invitation as a list shows it."""

    invited: Invited
    #: None where the command line invited.
    inviter: User | None
    #: "void" while whoever answers for it may invite nobody.
    state: Literal["open", "expired", "void"]


def listed(work: Work, db: Session, *, of: User | None = None) -> Sequence[Listed]:
    """Return who is invited, newest first; also who let the time pass, for a week.

    Args:
        of: whose invitations; None for everybody's.
    """
    found = select(Invited, User).outerjoin(User, User.id == Invited.invited_by)
    if of is not None:
        found = found.where(Invited.invited_by == of.id)
    order = found.order_by(Invited.created_at.desc(), Invited.canonical)
    rows = db.execute(order.limit(_MOST_LISTED)).all()
    return [Listed(invited, user, _state(work, db, invited, user)) for invited, user in rows]


def at(db: Session, *, address: str) -> Invited:
    """Return the invitation of an address. Raises: AddressRefused, UnknownInvitation."""
    found = db.get(Invited, canonical_address(address))
    if found is None:
        raise UnknownInvitation
    return found


def send(work: Work, *, inviter: User | None, address: str, admin: bool, link_of: LinkOf) -> None:
    """Invite an address; one of before is void, unless it is out of reach of who asks.

    Where somebody has the address already, they get a letter that says so, and everything else is
    the same: whoever invites does not learn it.

    Args:
        inviter: None for the command line, which nobody limits.
        admin: whether the account will be an administrator's.

    Raises:
        AddressRefused: the form is not acceptable.
        InvitationsClosed: this site makes no accounts by invitation.
        MayNotInvite: the inviter may not at this moment, or not with this role.
        Throttled: too many, by this person or to this address.
        AlreadyInvited: somebody else did at the same moment, or before, and a member asks.
    """
    canonical, shown = canonical_address(address), mailing_address(address.strip())
    _count(work, inviter, canonical)
    _refuse_if_closed(work)
    asking = _judge(work, inviter, admin=admin)
    before = Invited.canonical == canonical
    work.db.execute(delete(Invited).where(before, _within_reach(work, work.db, asking, over=True)))
    _write(work, inviter=inviter, canonical=canonical, shown=shown, admin=admin, link_of=link_of)


def resend(work: Work, *, inviter: User | None, public_id: str, link_of: LinkOf) -> None:
    """Send the letter again, good for the whole time; the link of before is void.

    Whoever sends it again answers for it from now on.

    Raises:
        UnknownInvitation: there is none, it was accepted or taken back meanwhile, or it is
            somebody else's and a member asks.
        MayNotInvite, Throttled, AlreadyInvited: as for `send`.
    """
    with work.reading() as db:
        found = _named(db, public_id, _within_reach(work, db, inviter))
    _count(work, inviter, found.canonical)
    _refuse_if_closed(work)
    asking = _judge(work, inviter)
    mine = (Invited.public_id == public_id) & _within_reach(work, work.db, asking)
    if changed(work.db, delete(Invited).where(mine)) != 1:
        raise UnknownInvitation
    _write(
        work,
        inviter=inviter,
        canonical=found.canonical,
        shown=found.shown,
        admin=found.admin and (asking is None or asking.is_admin),
        link_of=link_of,
    )


def revoke(work: Work, *, inviter: User | None, public_id: str) -> None:
    """Take an invitation back; its link opens nothing from now on.

    Raises:
        MayNotInvite: as for `send`.
        UnknownInvitation: as for `resend`.
    """
    asking = _judge(work, inviter)
    mine = (Invited.public_id == public_id) & _within_reach(work, work.db, asking)
    if changed(work.db, delete(Invited).where(mine)) != 1:
        raise UnknownInvitation
    work.record(InvitationRevoked(user_id=inviter.id if inviter is not None else None))


def look(work: Work, *, secret: str) -> str:
    """Return the invited address if a link is good at the moment; looking uses nothing up.

    Raises:
        Throttled: too many links were tried from this network.
        InvitationsClosed: this site makes no accounts by invitation.
        ProofSpent: used, expired, replaced, taken back, or never was, or whoever answers for it
            may not invite any more.
    """
    _refuse_if_closed(work)
    found = proofs.look(work, purpose=ACCEPT, secret=secret)
    with work.reading() as db:
        invited = db.scalar(select(Invited).where(_good(work, found)))
        inviter = db.get(User, invited.invited_by) if invited and invited.invited_by else None
        good = invited is not None and _is_answered_for(work, db, invited, inviter)
    if invited is None or not good:
        raise ProofSpent
    return invited.shown


def accept(work: Work, *, secret: str, username: str, password: str) -> None:
    """Spend an invitation on a new account with the invited address. Does not sign in.

    The role is given only if whoever answers for it may still give it.

    Raises:
        Throttled: too many links were tried from this network.
        NameRefused, NameTaken, PasswordRefused: the invitation stays good.
        ProofSpent: as for `look`, or somebody has the address by now; of two at once one gets this.
    """
    address = look(work, secret=secret)
    names.refuse_reserved(work, username=username)
    sealed = passwords.seal(work, password=password, about=(username, address))
    found = proofs.spend(work, purpose=ACCEPT, secret=secret)
    invited = work.db.scalar(select(Invited).where(_good(work, found)))
    inviter = _held(work, invited.invited_by) if invited and invited.invited_by else None
    if invited is None or not _is_answered_for(work, work.db, invited, inviter):
        raise ProofSpent
    shown, admin = invited.shown, invited.admin and (inviter is None or inviter.is_admin)
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
    person = limits.PERSON if inviter.is_admin else limits.MEMBER
    attempts = [
        (person.under(settings), inviter.id.hex),
        (limits.PAUSE.under(settings), canonical),
        (limits.ADDRESS.under(settings), canonical),
    ]
    throttling.count(work, attempts=attempts)


def _refuse_if_closed(work: Work) -> None:
    if work.settings(RegistrationSettings).mode == "closed":
        raise InvitationsClosed


def _judge(work: Work, inviter: User | None, *, admin: bool = False) -> User | None:
    """Return who asks as the database knows them now; None for the command line."""
    if inviter is None:
        return None
    asking = _held(work, inviter.id)
    if asking is None or not _may(work, work.db, asking) or (admin and not asking.is_admin):
        raise MayNotInvite
    return asking


def _held(work: Work, user_id: UUID) -> User | None:
    """Return an account by what the database says now, which stays so until the commit."""
    found = select(User).where(User.id == user_id).with_for_update(read=True)
    return work.db.scalar(found.execution_options(populate_existing=True))


def _may(work: Work, db: Session, user: User) -> bool:
    """Whether an account may invite, as a member or by a role."""
    return may_invite(work.house, user) or _is_permitted(work, db, user)


def _is_permitted(work: Work, db: Session, user: User) -> bool:
    granted = roles.granted(db, user=user, now=work.now)
    return granted.everything or "people.invite" in granted.permissions


def _within_reach(
    work: Work, db: Session, asking: User | None, *, over: bool = False
) -> ColumnElement[bool]:
    """Return what holds for the invitations of which somebody may dispose.

    Args:
        over: whether those count too that are over.
    """
    if asking is None or asking.is_admin:
        return true()
    own = Invited.invited_by == asking.id
    if _is_permitted(work, db, asking):
        # Those of administrators are for administrators.
        own = or_(own, Invited.admin.is_(False))
    return or_(own, Invited.expires_at <= work.now) if over else own


def _is_answered_for(work: Work, db: Session, invited: Invited, inviter: User | None) -> bool:
    """Whether an invitation holds: it goes with the right of whoever sent it last."""
    if invited.invited_by is None:
        return True
    return inviter is not None and _may(work, db, inviter)


def _state(
    work: Work, db: Session, invited: Invited, inviter: User | None
) -> Literal["open", "expired", "void"]:
    if invited.expires_at <= work.now:
        return "expired"
    return "open" if _is_answered_for(work, db, invited, inviter) else "void"


def _named(db: Session, public_id: str, reach: ColumnElement[bool]) -> Invited:
    found = db.scalar(select(Invited).where(Invited.public_id == public_id, reach))
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
