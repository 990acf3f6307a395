"""Send a letter that sets a new password, and let it do so once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.db.statements import write
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mail import service as mail
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.errors import ProofSpent
from flask_gatehouse.features.proofs.rules import shown_code
from flask_gatehouse.features.recovery import limits
from flask_gatehouse.features.recovery.errors import NoAddress, RecoveryClosed
from flask_gatehouse.features.recovery.events import (
    PasswordRecovered,
    RecoveryAsked,
    RecoveryRefused,
)
from flask_gatehouse.features.recovery.rules import RECOVER
from flask_gatehouse.features.recovery.settings import RecoverySettings
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.throttling.rules import network_of
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import AddressRefused, UnknownAddress
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rules import canonical_address, counted_as, mailing_address

#: Makes the address of a link from its secret.
LinkOf = Callable[[str], str]

_LETTER: Final = "recovery"

#: Characters of a name that are looked at; more is no name.
_LONGEST_TYPED: Final = 1024

#: An id that no account has.
_NOBODY: Final = UUID(int=0)

#: Where the letter of nobody would go. It is written, and taken back before the commit.
_NOWHERE: Final = "nobody@example.org"
_STAND_IN: Final = "recovery.nobody"


def ask(work: Work, *, name: str, link_of: LinkOf) -> str:
    """Send a letter to whoever has this name; do the same work for a name that nobody has.

    It goes to the address that is stored, in its stored spelling.

    Args:
        name: user name or address, in any spelling, as typed.
        link_of: makes the address of the link.

    Returns:
        22 characters beside which the browser that asked may type the code; also where no letter
        was sent.

    Raises:
        RecoveryClosed: this site sends no such letters.
        Throttled: too many letters were asked for from this network.
    """
    settings = work.settings(RecoverySettings)
    if not settings.enabled:
        raise RecoveryClosed
    name = name[:_LONGEST_TYPED]
    source = network_of(work.origin.address)
    throttling.count(work, attempts=[(limits.NETWORK.under(settings), source)])
    with work.reading() as db:
        user = users.find(db, name)
    user = users.awake(work, user=user)
    with work.reading() as db:
        address = _address(db, user, name)
    about = user.id.hex if user is not None else counted_as(name)
    allowed = _counts_as_one_more(work, about)
    # Asked for nobody as well: a statement less would show in the time.
    account = work.db.get(User, user.id if user is not None else _NOBODY)
    if account is not None and account.open_to_owner and address is not None and allowed:
        work.record(RecoveryAsked(user_id=account.id))
        return _send(work, account, address, link_of)
    return _send_nothing(work, user, name, link_of)


def send(work: Work, *, user: User, link_of: LinkOf) -> str:
    """Send a letter at the wish of somebody who knows the account: its owner, or who runs the site.

    Returns:
        The ticket, as for `ask`.

    Raises:
        RecoveryClosed: this site sends no such letters.
        NoAddress: there is none, or the account is suspended.
    """
    if not work.settings(RecoverySettings).enabled:
        raise RecoveryClosed
    account = users.by_id(work.db, user.id)
    address = _primary(account)
    if address is None or not account.open_to_owner:
        raise NoAddress
    work.record(RecoveryAsked(user_id=account.id))
    return _send(work, account, address, link_of)


def look(work: Work, *, secret: str) -> None:
    """Return if a link is good at the moment; looking uses nothing up.

    Raises:
        Throttled: too many links were tried from this network.
        ProofSpent: used, expired, replaced, or never was.
    """
    _open(work)
    proofs.look(work, purpose=RECOVER, secret=secret)


def redeem(work: Work, *, secret: str, password: str) -> None:
    """Spend a link on a new password, and end every session. Opens none.

    Raises:
        Throttled: too many links were tried from this network.
        PasswordRefused: the link stays good.
        ProofSpent: used, expired, replaced, or never was; of two at once one gets this.
    """
    _open(work)
    found = proofs.look(work, purpose=RECOVER, secret=secret)
    with work.reading() as db:
        user = users.by_id(db, found.owner)
    sealed = passwords.seal(work, password=password, about=(user.username, user.email))
    _set(work, proofs.spend(work, purpose=RECOVER, secret=secret), sealed, by="link")


def redeem_code(work: Work, *, ticket: str, code: str, password: str) -> None:
    """Spend the code of a letter on a new password, and end every session. Opens none.

    The password is judged first: a try of the code is spent on nothing that could not succeed. By
    whom it is chosen is not known then, so what it must not be made of is looked at afterwards.

    Raises:
        Throttled: too many codes were tried from this network.
        PasswordRefused: the code stays good.
        WrongCode: wrong, tried too often, or the letter is good for nothing.
    """
    _open(work)
    sealed = passwords.seal(work, password=password, about=())
    found = proofs.spend_code(work, purpose=RECOVER, ticket=ticket, code=code)
    user = users.by_id(work.db, found.owner)
    passwords.judge(work, password=password, about=(user.username, user.email))
    _set(work, found, sealed, by="code")


def _open(work: Work) -> None:
    if not work.settings(RecoverySettings).enabled:
        raise RecoveryClosed


def _set(work: Work, found: proofs.Found, sealed: passwords.Sealed, *, by: str) -> None:
    user = users.by_id(work.db, found.owner)
    passwords.keep(work, user=user, sealed=sealed)
    try:
        addresses.prove(work, user=user, address=found.address)
    except UnknownAddress as error:
        # It was taken from the account since; what goes to it is no proof any more.
        raise ProofSpent from error
    work.record(PasswordRecovered(user_id=user.id, by=by))


def _counts_as_one_more(work: Work, about: str) -> bool:
    """Count a letter; return whether it may be sent. Nobody is told that it was not."""
    limit = limits.ACCOUNT.under(work.settings(RecoverySettings))
    try:
        throttling.count(work, attempts=[(limit, about)])
    except throttling.Throttled:
        return False
    return True


def _address(db: Session, user: User | None, name: str) -> str | None:
    """Return where the letter goes: to the proven address that was typed, or the primary one."""
    # Asked for nobody as well, as above.
    found = addresses.of(db, user_id=user.id if user is not None else _NOBODY)
    if user is None or not user.open_to_owner:
        return None
    for each in found:
        if each.proven_at is not None and counted_as(name) == f"email:{each.canonical}":
            return each.shown or each.canonical
    return _primary(user)


def _primary(user: User) -> str | None:
    try:
        return mailing_address(user.email) if user.email else None
    except AddressRefused:
        # A host wrote into the table what no letter can be sent to.
        return None


def _send(work: Work, user: User, address: str, link_of: LinkOf) -> str:
    lifetime = work.settings(RecoverySettings).lifetime
    made = proofs.make(
        work, purpose=RECOVER, user=user, address=canonical_address(address), lifetime=lifetime
    )
    facts = _facts(made, lifetime, link_of)
    recipient = mailing_address(address)
    mail.post(
        work,
        letter=_LETTER,
        recipient=recipient,
        facts=facts,
        user_id=user.id,
        good_until=work.now + lifetime,
    )
    return made.ticket


def _send_nothing(work: Work, user: User | None, name: str, link_of: LinkOf) -> str:
    """Do the work of a letter and leave none: the time it takes must not tell who has an account.

    What stays is a row that no link and no code can redeem, until it is swept away.
    """
    user_id = user.id if user is not None else None
    work.record(RecoveryAsked(user_id=user_id))
    key = work.house.keys.newest(_STAND_IN).value
    stands_for = tokens.digest(counted_as(name), key).hex()
    lifetime = work.settings(RecoverySettings).lifetime
    made = proofs.make(work, purpose=RECOVER, address=stands_for, lifetime=lifetime)
    facts = _facts(made, lifetime, link_of)
    letter = mail.written(work, letter=_LETTER, recipient=_NOWHERE, facts=facts)
    write(work.db, letter)
    work.record(RecoveryRefused(user_id=user_id))
    work.db.execute(delete(Letter).where(Letter.id == letter.id))
    return made.ticket


def _facts(made: proofs.Made, lifetime: timedelta, link_of: LinkOf) -> dict[str, object]:
    return {
        "link": link_of(str(made.secret)),
        "code": shown_code(str(made.code)),
        "minutes": max(1, round(lifetime.total_seconds() / 60)),
    }
