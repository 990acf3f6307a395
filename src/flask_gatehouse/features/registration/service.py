"""Make an account of one's own, and prove its address once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mail import service as mail
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.service import Added
from flask_gatehouse.features.passkeys import making as passkeys
from flask_gatehouse.features.passkeys.making import Fresh
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.errors import ProofSpent, WrongCode
from flask_gatehouse.features.proofs.rules import shown_code
from flask_gatehouse.features.registration import limits
from flask_gatehouse.features.registration.errors import (
    DomainRefused,
    NothingToVerify,
    PasswordWanted,
    RegistrationClosed,
    TurnedAway,
)
from flask_gatehouse.features.registration.events import (
    AddressCompared,
    RegistrationAsked,
    RegistrationRefused,
    RegistrationVerified,
)
from flask_gatehouse.features.registration.models import Registration
from flask_gatehouse.features.registration.rules import VERIFY, of_these
from flask_gatehouse.features.registration.settings import RegistrationSettings
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.throttling.rules import network_of
from flask_gatehouse.features.users import addresses, names
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import AddressTaken
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rules import canonical_address, mailing_address

#: Makes the address of a link from its secret.
LinkOf = Callable[[str], str]

_LETTER: Final = "registration"

#: Most that a list shows.
_MOST_LISTED: Final = 500


@dataclass(frozen=True, kw_only=True)
class Applicant:
    """What somebody typed who wants an account; a password, or the answer of a passkey."""

    username: str
    address: str
    password: str = ""
    passkey: str = ""
    #: In which the passkey was asked for.
    browser: str = ""


@dataclass(frozen=True)
class Registered:
    """An account that waits for the proof of its address."""

    #: 22 characters beside which the browser that registered may type the code.
    ticket: str
    #: Its passkey, if it was made with one.
    added: Added | None = None


@dataclass(frozen=True, kw_only=True)
class Also:
    """What a host does besides.

    Args:
        check: called once the attempt is counted and before anything is made; returns what to tell
            whoever is turned away, such as by a captcha, or None.
        made: called with the new account, in the transaction that makes it.
    """

    check: Callable[[], str | None] = lambda: None
    made: Callable[[Work, User], None] = lambda _work, _user: None


def everybody_may_ask(settings: RegistrationSettings) -> bool:
    """Whether strangers may make an account, of whatever domain."""
    return settings.mode in {"open", "domains"}


def look(work: Work) -> None:
    """Return if a stranger may make an account at the moment. Raises: RegistrationClosed."""
    _open(work)


def register(work: Work, *, applicant: Applicant, link_of: LinkOf, also: Also) -> Registered:
    """Make an account that waits for the proof of its address, and send the letter.

    Where somebody has the address already they get another letter, and everything else is the
    same: whoever registers does not learn it, and their account never comes by the address.

    Raises:
        RegistrationClosed: strangers make no accounts here, or the first administrator is missing.
        Throttled: too many asked from this network.
        TurnedAway: the host's check did.
        NameRefused, NameTaken, AddressRefused, DomainRefused, PasswordRefused: nothing was made.
        PasskeyRefused, AlreadyThere, NotOffered: the passkey is no good one; nothing was made.
        HashingOverloaded: too many are hashing at this moment.
    """
    settings = _open(work)
    _count(work, settings)
    _check(work, also)
    names.check_choice(work, username=applicant.username)
    canonical, shown = _judged(settings, applicant.address)
    proof = _proof(work, applicant)
    may_write = _may_write(work, settings, canonical)
    user = users.create(work, username=applicant.username)
    added = _keep(work, user, proof)
    # Keeping a password raised the epoch, to which the proof is bound.
    work.db.refresh(user)
    row = Registration(
        user_id=user.id,
        shown=shown,
        canonical=canonical,
        ticket=proofs.new_ticket(),
        created_at=work.now,
        expires_at=work.now + settings.keep_unverified,
    )
    work.db.add(row)
    also.made(work, user)
    _write(work, user, row, link_of, may_write=may_write)
    return Registered(row.ticket, added)


def trap(work: Work) -> Registered:
    """Answer something that filled in what no person sees, as if it had succeeded.

    Returns:
        A ticket that belongs to no letter.

    Raises:
        RegistrationClosed, Throttled: as for `register`.
    """
    _count(work, _open(work))
    work.record(RegistrationRefused(reason="trap"))
    return Registered(proofs.new_ticket())


def resend(work: Work, *, ticket: str, link_of: LinkOf) -> str:
    """Send the letter once more; the link and the code of before are void.

    Returns:
        The new ticket for the browser.

    Raises:
        NothingToVerify: no account waits for this browser, or not any more.
        Throttled: asked for too often.
    """
    with work.reading() as db:
        found = _by_ticket(db, ticket)
    pause = limits.PAUSE.under(work.settings(RegistrationSettings))
    throttling.count(work, attempts=[(pause, found.user_id.hex)])
    return _again(work, found.user_id, link_of)


def resend_for(work: Work, *, user: User, link_of: LinkOf) -> None:
    """Send the letter once more at the wish of whoever runs the site. Raises: NothingToVerify."""
    _again(work, user.id, link_of)


def asks_password(work: Work, *, secret: str, ticket: str) -> bool:
    """Look at a link, using nothing up, and return whether its bearer has to choose a password.

    In the browser that registered it is known. In any other one it may be that of a stranger who
    registered with this mailbox, and must not stay.

    Raises:
        Throttled: too many links were tried from this network.
        ProofSpent: used, expired, replaced, or never was.
    """
    return _is_foreign(_looked_at(work, secret), ticket)


def verify(work: Work, *, secret: str, ticket: str, password: str | None = None) -> None:
    """Spend a link: the address is the account's from now on. Does not sign in.

    Args:
        ticket: what the browser holds.
        password: needed, and set, in another browser than the one that registered.

    Raises:
        Throttled: too many links were tried from this network.
        PasswordWanted, PasswordRefused: the link stays good.
        ProofSpent: used, expired, replaced, never was, or somebody proved the mailbox before; of
            two at once one gets this.
    """
    sealed, row = None, _looked_at(work, secret)
    if _is_foreign(row, ticket):
        if not password:
            raise PasswordWanted
        sealed = _sealed_for(work, row, password)
    found = proofs.spend(work, purpose=VERIFY, secret=secret)
    _prove(work, _owner(found), by="link", sealed=sealed)


def verify_code(work: Work, *, ticket: str, code: str) -> None:
    """Spend the code of the letter, in the browser that registered. Does not sign in.

    Raises:
        Throttled: too many codes were tried from this network.
        WrongCode: wrong, tried too often, or the letter is good for nothing.
    """
    found = proofs.spend_code(work, purpose=VERIFY, ticket=ticket, code=code)
    try:
        _prove(work, _owner(found), by="code", sealed=None)
    except ProofSpent as error:
        raise WrongCode from error


def waiting(db: Session) -> Sequence[tuple[User, Registration]]:
    """Return the accounts that wait for the proof of their address, newest first."""
    found = select(User, Registration).join(Registration, Registration.user_id == User.id)
    order = found.order_by(Registration.created_at.desc(), User.id).limit(_MOST_LISTED)
    return [(row.User, row.Registration) for row in db.execute(order)]


def _open(work: Work) -> RegistrationSettings:
    settings = work.settings(RegistrationSettings)
    if not everybody_may_ask(settings):
        raise RegistrationClosed
    with work.reading() as db:
        # The first account is the administrator's: a stranger's would close the way to it.
        if users.setup_is_open(db):
            raise RegistrationClosed
    return settings


def _count(work: Work, settings: RegistrationSettings) -> None:
    network = network_of(work.origin.address)
    throttling.count(work, attempts=[(limits.NETWORK.under(settings), network)])


def _check(work: Work, also: Also) -> None:
    sentence = also.check()
    if sentence is not None:
        with work.apart() as own:
            own.record(RegistrationRefused(reason="check"))
        raise TurnedAway(sentence=sentence)


def _judged(settings: RegistrationSettings, typed: str) -> tuple[str, str]:
    canonical, shown = canonical_address(typed), mailing_address(typed.strip())
    if settings.mode == "domains" and not of_these(canonical, settings.domains):
        raise DomainRefused
    return canonical, shown


def _proof(work: Work, applicant: Applicant) -> passwords.Sealed | Fresh:
    """Return by what the person is to sign in: judged, and not kept yet."""
    if applicant.passkey:
        return passkeys.sign_up(work, browser=applicant.browser, answer=applicant.passkey)
    about = (applicant.username, applicant.address)
    return passwords.seal(work, password=applicant.password, about=about)


def _keep(work: Work, user: User, proof: passwords.Sealed | Fresh) -> Added | None:
    if isinstance(proof, Fresh):
        return passkeys.keep_first(work, user=user, fresh=proof)
    passwords.keep(work, user=user, sealed=proof)
    return None


def _may_write(work: Work, settings: RegistrationSettings, canonical: str) -> bool:
    """Count a letter; return whether it may be sent. Nobody is told that it was not."""
    try:
        throttling.count(work, attempts=[(limits.LETTERS.under(settings), canonical)])
    except throttling.Throttled:
        return False
    return True


def _by_ticket(db: Session, ticket: str) -> Registration:
    row = db.scalar(select(Registration).where(Registration.ticket == ticket[:64]))
    if row is None:
        raise NothingToVerify
    return row


def _again(work: Work, user_id: UUID, link_of: LinkOf) -> str:
    settings = work.settings(RegistrationSettings)
    with work.reading() as db:
        row = db.get(Registration, user_id)
    if row is None:
        raise NothingToVerify
    may_write = _may_write(work, settings, row.canonical)
    users.hold(work, user_id=user_id)
    held = work.db.get(Registration, user_id, with_for_update=True)
    if held is None or held.expires_at <= work.now:
        raise NothingToVerify
    user = users.by_id(work.db, user_id)
    _write(work, user, held, link_of, may_write=may_write)
    return held.ticket


def _write(work: Work, user: User, row: Registration, link_of: LinkOf, *, may_write: bool) -> None:
    """Make a new proof, and send it to whoever reads the mailbox, or tell its owner."""
    settings = work.settings(RegistrationSettings)
    lifetime = min(settings.link_lifetime, row.expires_at - work.now)
    made = proofs.make(work, purpose=VERIFY, user=user, address=row.canonical, lifetime=lifetime)
    row.ticket = made.ticket
    work.db.flush()
    owner = users.find(work.db, row.canonical)
    work.record(RegistrationAsked(user_id=user.id))
    work.record(AddressCompared(user_id=owner.id if owner is not None else None))
    if may_write:
        mail.post(
            work,
            # One letter with two faces: which one was sent must not show in a person's own data.
            letter=_LETTER,
            recipient=mailing_address(row.shown),
            facts=_facts(made, lifetime, link_of) if owner is None else {"known": True},
            user_id=user.id,
            good_until=work.now + lifetime,
        )


def _facts(made: proofs.Made, lifetime: timedelta, link_of: LinkOf) -> dict[str, object]:
    return {
        "known": False,
        "link": link_of(str(made.secret)),
        "code": shown_code(str(made.code)),
        "hours": max(1, round(lifetime.total_seconds() / 3600)),
    }


def _looked_at(work: Work, secret: str) -> Registration:
    """Return what a link would prove if it is good at the moment. Raises: Throttled, ProofSpent."""
    found = proofs.look(work, purpose=VERIFY, secret=secret)
    with work.reading() as db:
        row = db.get(Registration, _owner(found))
    if row is None or row.expires_at <= work.now:
        raise ProofSpent
    return row


def _is_foreign(row: Registration, ticket: str) -> bool:
    """Whether a browser is another one than that which registered."""
    return not tokens.same(row.ticket.encode(), ticket.encode())


def _sealed_for(work: Work, row: Registration, password: str) -> passwords.Sealed:
    with work.reading() as db:
        user = users.by_id(db, row.user_id)
    return passwords.seal(work, password=password, about=(user.username, row.shown))


def _owner(found: proofs.Found) -> UUID:
    if found.user_id is None:
        raise ProofSpent
    return found.user_id


def _prove(work: Work, user_id: UUID, *, by: str, sealed: passwords.Sealed | None) -> None:
    """Give an account its address, and end the wait of all others that said the same."""
    mine = work.db.get(Registration, user_id)
    if mine is None:
        raise ProofSpent
    canonical, shown = mine.canonical, mine.shown
    work.db.expunge(mine)
    same = Registration.canonical == canonical
    # In one order, so that of those who prove the same mailbox at once nobody waits in a circle.
    work.db.execute(
        select(Registration.user_id).where(same).order_by(Registration.user_id).with_for_update()
    )
    waits = (Registration.user_id == user_id) & (Registration.expires_at > work.now)
    taking = delete(Registration).where(waits)
    if changed(work.db, taking.execution_options(synchronize_session=False)) != 1:
        raise ProofSpent
    user = users.by_id(work.db, user_id)
    if sealed is not None:
        # Whoever registered may have been a stranger: nothing of theirs opens the account.
        mfa.remove_all(work, user=user)
        passwords.keep(work, user=user, sealed=sealed)
    try:
        addresses.claim(work, user=user, address=shown, proven=True, made_with=True)
    except AddressTaken as error:
        raise ProofSpent from error
    # Whoever is first to prove a mailbox voids what others set; upkeep erases what is left.
    others = update(Registration).where(same).values(expires_at=work.now)
    work.db.execute(others.execution_options(synchronize_session=False))
    work.record(RegistrationVerified(user_id=user_id, by=by))
