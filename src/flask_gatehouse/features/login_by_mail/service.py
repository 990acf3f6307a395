"""Send a letter to log in by, and let it prove a mailbox once."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.db.statements import write
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import marks
from flask_gatehouse.features.login.attempts import Attempt
from flask_gatehouse.features.login_by_mail import limits
from flask_gatehouse.features.login_by_mail.errors import AnotherBrowser, LoginByMailClosed
from flask_gatehouse.features.login_by_mail.events import LetterAsked, LetterRefused
from flask_gatehouse.features.login_by_mail.rules import ENTER, METHOD
from flask_gatehouse.features.login_by_mail.settings import LoginByMailSettings
from flask_gatehouse.features.mail import service as mail
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.errors import ProofSpent, WrongCode
from flask_gatehouse.features.proofs.rules import shown_code
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.throttling.limits import Limiter
from flask_gatehouse.features.throttling.rules import network_of
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rules import counted_as, mailing_address

#: Makes the address of a link from its secret.
LinkOf = Callable[[str], str]

_LETTER: Final = "login_by_mail"

#: Characters of a name that are looked at; more is no name.
_LONGEST_TYPED: Final = 1024

#: An id that no account has.
_NOBODY: Final = UUID(int=0)

#: Where the letter of nobody would go. It is written, and taken back before the commit.
_NOWHERE: Final = "nobody@example.org"
_STAND_IN: Final = "login_by_mail.nobody"

#: What is typed if a code may not be looked at any more: the same work, and never right.
_NO_CODE: Final = ""


def ask(
    work: Work, *, name: str, link_of: LinkOf, device: str | None = None, wanted: str | None = None
) -> str:
    """Send a letter to whoever has this name; do the same work for a name that nobody has.

    It goes to an address that was proven to be the account's, in its stored spelling.

    Args:
        name: user name or address, in any spelling, as typed.
        link_of: makes the address of the link.
        device: the cookie by which the browser is known, if it has one.
        wanted: a path of this site, to which the link leads after the sign-in.

    Returns:
        22 characters that the browser keeps, and without which neither link nor code opens
        anything; also where no letter was sent.

    Raises:
        LoginByMailClosed: this site sends no such letters.
        Throttled: too many letters were asked for from this network.
    """
    settings = _open(work)
    name = name[:_LONGEST_TYPED]
    source = network_of(work.origin.address)
    throttling.count(work, attempts=[(limits.NETWORK.under(settings), source)])
    # Strangers cannot use up the letters of an owner whose browser is known.
    mark = marks.recognise(work, value=device, name=name)
    with work.reading() as db:
        user = users.find(db, name)
    user = users.awake(work, user=user)
    with work.reading() as db:
        address = _address(db, user, name)
    about = user.id.hex if user is not None else counted_as(name)
    allowed = _counts(work, mark.counted_as if mark is not None else about, limits.ACCOUNT)
    # Asked for nobody as well: a statement less would show in the time.
    account = work.db.get(User, user.id if user is not None else _NOBODY)
    facts = {"wanted": wanted}
    if account is not None and account.active and address is not None and allowed:
        work.record(LetterAsked(user_id=account.id))
        return _send(work, account, address, link_of, facts)
    return _send_nothing(work, user, name, link_of, facts)


def can_enter(db: Session, *, user: User) -> bool:
    """Whether a letter to log in by would be sent to whoever asks by this account's name."""
    return _address(db, user, user.username) is not None


def look(work: Work, *, secret: str, ticket: str) -> str | None:
    """Return the page that was wanted if a link is good at the moment; that uses nothing up.

    Args:
        ticket: what the browser keeps.

    Raises:
        Throttled: too many links were tried from this network.
        ProofSpent: used, expired, replaced, or never was.
        AnotherBrowser: it is good, and not here.
    """
    _open(work)
    found = proofs.look(work, purpose=ENTER, secret=secret)
    _is_asker(found, ticket)
    wanted = found.facts.get("wanted")
    return str(wanted) if wanted is not None else None


def prove(work: Work, *, secret: str, ticket: str) -> Attempt:
    """Spend a link, in the browser that asked for it.

    Raises:
        Throttled: too many links were tried from this network.
        ProofSpent: used, expired, replaced, or never was; of two at once one gets this.
        AnotherBrowser: the link stays good, because raising rolls back.
    """
    _open(work)
    found = proofs.spend(work, purpose=ENTER, secret=secret)
    _is_asker(found, ticket)
    return _attempt(work, found)


def prove_code(work: Work, *, ticket: str, code: str) -> Attempt:
    """Spend the code of a letter, in the browser that asked for it.

    Beside the five tries of a letter, those for an account are counted over all of its letters;
    beyond these limits nobody is told more than of a wrong code.

    Raises:
        Throttled: too many codes were tried from this network.
        WrongCode: wrong, tried too often, or the letter is good for nothing.
    """
    _open(work)
    about = proofs.counted_as(work, purpose=ENTER, ticket=ticket)
    allowed = _counts(work, about, limits.CODES, limits.FAILURES)
    typed = code if allowed else _NO_CODE
    found = proofs.spend_code(work, purpose=ENTER, ticket=ticket, code=typed)
    try:
        return _attempt(work, found)
    except ProofSpent as error:
        raise WrongCode from error


def _open(work: Work) -> LoginByMailSettings:
    settings = work.settings(LoginByMailSettings)
    if not settings.allowed:
        raise LoginByMailClosed
    return settings


def _is_asker(found: proofs.Found, ticket: str) -> None:
    """Return if the browser is the one that asked. Source: OWASP ASVS 5.0 6.6.2."""
    if not tokens.same(found.ticket, ticket):
        raise AnotherBrowser


def _attempt(work: Work, found: proofs.Found) -> Attempt:
    """Return what a spent letter proves; the account is held, so nothing of it changes now."""
    mine = addresses.of(work.db, user_id=found.owner)
    if not any(each.canonical == found.address and each.proven_at is not None for each in mine):
        # It was taken from the account since; what goes to it is no proof any more.
        raise ProofSpent
    failures = limits.FAILURES.under(work.settings(LoginByMailSettings))
    throttling.forgive(work, limit=failures, what=found.owner.hex)
    epoch, _ = users.state(work.db, user_id=found.owner)
    return Attempt(user_id=found.owner, methods=(METHOD,), epoch=epoch)


def _counts(work: Work, about: str, *limiters: Limiter) -> bool:
    """Count one more; return whether it is within the limits. Nobody is told that it was not."""
    settings = work.settings(LoginByMailSettings)
    try:
        throttling.count(work, attempts=[(each.under(settings), about) for each in limiters])
    except throttling.Throttled:
        return False
    return True


def _address(db: Session, user: User | None, name: str) -> tuple[str, str] | None:
    """Return where the letter goes, canonical and as stored: what was typed, or the primary one.

    Only an address that was proven: whoever wrote down a stranger's address would let them in.
    """
    # Asked for nobody as well, as above.
    found = addresses.of(db, user_id=user.id if user is not None else _NOBODY)
    if user is None or not user.active:
        return None
    proven = {each.canonical: each.shown or each.canonical for each in found if each.proven_at}
    typed = next((each for each in proven if counted_as(name) == f"email:{each}"), None)
    canonical = typed or addresses.primary(user)
    if canonical is None or canonical not in proven:
        return None
    return canonical, proven[canonical]


def _send(
    work: Work,
    user: User,
    address: tuple[str, str],
    link_of: LinkOf,
    facts: Mapping[str, object],
) -> str:
    lifetime = work.settings(LoginByMailSettings).lifetime
    canonical, shown = address
    made = proofs.make(
        work, purpose=ENTER, user=user, address=canonical, lifetime=lifetime, facts=facts
    )
    told = _told(made, lifetime, link_of)
    recipient = mailing_address(shown)
    mail.post(
        work,
        letter=_LETTER,
        recipient=recipient,
        facts=told,
        user_id=user.id,
        good_until=work.now + lifetime,
    )
    return made.ticket


def _send_nothing(
    work: Work, user: User | None, name: str, link_of: LinkOf, facts: Mapping[str, object]
) -> str:
    """Do the work of a letter and leave none: the time it takes must not tell who has an account.

    What stays is a row that no link and no code can redeem, until it is swept away.
    """
    user_id = user.id if user is not None else None
    work.record(LetterAsked(user_id=user_id))
    key = work.house.keys.newest(_STAND_IN).value
    stands_for = tokens.digest(counted_as(name), key).hex()
    lifetime = work.settings(LoginByMailSettings).lifetime
    made = proofs.make(work, purpose=ENTER, address=stands_for, lifetime=lifetime, facts=facts)
    told = _told(made, lifetime, link_of)
    letter = mail.written(work, letter=_LETTER, recipient=_NOWHERE, facts=told)
    write(work.db, letter)
    work.record(LetterRefused(user_id=user_id))
    work.db.execute(delete(Letter).where(Letter.id == letter.id))
    return made.ticket


def _told(made: proofs.Made, lifetime: timedelta, link_of: LinkOf) -> dict[str, object]:
    return {
        "link": link_of(str(made.secret)),
        "code": shown_code(str(made.code)),
        "minutes": max(1, round(lifetime.total_seconds() / 60)),
    }
