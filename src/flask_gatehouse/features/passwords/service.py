"""Prove an account by its password; set passwords; invite people to choose theirs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, select, update

from flask_gatehouse.core import tokens
from flask_gatehouse.core.settings import Secret
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login.events import LoginRefused
from flask_gatehouse.features.login.service import Attempt
from flask_gatehouse.features.passwords import rules
from flask_gatehouse.features.passwords.errors import (
    HashingOverloaded,
    InvitationSpent,
    NotConfirmed,
    PasswordRefused,
    WrongCredentials,
)
from flask_gatehouse.features.passwords.events import (
    InvitationMade,
    InvitationRefused,
    PasswordRehashed,
    PasswordSet,
)
from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.passwords.models import Invitation, Password
from flask_gatehouse.features.passwords.settings import PasswordSettings
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.throttling.rules import Limit, network_of
from flask_gatehouse.features.throttling.settings import ThrottlingSettings
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import Suspended
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rules import counted_as

_INVITATION: Final = "passwords.invitation"
_REFUSED_NAME: Final = "passwords.refused_name"

#: Shorter words of the context would refuse passwords by accident.
_SHORTEST_WORD: Final = 3

#: Characters of a name that are looked at; more is no name.
_LONGEST_TYPED: Final = 1024


#: An id that no account has.
_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True)
class Sealed:
    """A new password that keeps the rules, hashed. Made before the transaction begins."""

    encoded: Secret


def prove(work: Work, *, name: str, password: str) -> Attempt:
    """Prove an account by name and password. Opens nothing by itself.

    Counts before it verifies. No transaction is open while it hashes, so hashing holds nobody up.

    Args:
        name: user name or e-mail address, in any spelling, as typed.

    Raises:
        Throttled: too many attempts on this name from here, or from this network.
        WrongCredentials: unknown, wrong, without a password, or suspended: never said which.
        HashingOverloaded: too many are signing in at this moment.
    """
    name = name[:_LONGEST_TYPED]
    # All spellings of a name share a counter. A name and the address of the same account do not:
    # that one runs out with the other would tell a stranger that they belong together.
    tried = _count(work, counted_as(name))
    user, stored = _read(work, name)
    if not _is_right(work.house.part(Hashes), stored, password) or user is None or not user.active:
        _record_refusal(work, name, user)
        raise WrongCredentials
    _welcome(work, user.id, stored, password, tried)
    return Attempt(user_id=user.id, methods=("password",), epoch=user.epoch)


def confirm(work: Work, *, user: User, password: str) -> None:
    """Prove that whoever is signed in knows the password. Makes nothing fresh by itself.

    Counts before it verifies, and together with sign-ins: a browser that was left open gives
    nobody more guesses.

    Raises:
        Throttled: too many attempts on this account from here, or from this network.
        NotConfirmed: it is another password, or there is none.
        HashingOverloaded: too many are signing in at this moment.
    """
    stored = _stored(work, user)
    tried = _count(work, counted_as(user.username))
    if not _is_right(work.house.part(Hashes), stored, password, live=True):
        _record_refusal(work, user.username, user)
        raise NotConfirmed
    _welcome(work, user.id, stored, password, tried)


def is_set(work: Work, *, user: User) -> bool:
    """Whether an account has a password."""
    return _stored(work, user) is not None


def seal(work: Work, *, password: str, about: Iterable[str | None]) -> Sealed:
    """Judge a new password and hash it, before any transaction begins.

    Args:
        about: user name and address of the person; a password must be more than these.

    Raises:
        PasswordRefused: facts say which rule it breaks.
        HashingOverloaded: too many are hashing at this moment.
    """
    settings = work.settings(PasswordSettings)
    core = work.settings(CoreSettings)
    host = urlsplit(core.public_url).hostname or ""
    words = {core.site_name, *host.split("."), *settings.context_words}
    judging = rules.Rules(
        minimum=settings.minimum,
        maximum=settings.maximum,
        context_words=tuple(word for word in words if len(word) >= _SHORTEST_WORD),
    )
    judging.judge(password, context=[word for word in _words_of(about) if word])
    return Sealed(Secret(work.house.part(Hashes).make(password)))


def keep(work: Work, *, user: User, sealed: Sealed) -> None:
    """Set a password; every session, link and remembered browser of before is over."""
    # First, because it locks the account: of two first passwords at once the later one stays.
    users.end_everything(work, user_id=user.id)
    row = work.db.get(Password, user.id)
    if row is None:
        work.db.add(Password(user_id=user.id, encoded=str(sealed.encoded), changed_at=work.now))
    else:
        row.encoded, row.changed_at = str(sealed.encoded), work.now
        sessions.end_all(work, user_id=user.id)
    work.db.flush()
    work.db.execute(delete(Invitation).where(Invitation.user_id == user.id))
    work.record(PasswordSet(user_id=user.id))


def invite(work: Work, *, user: User) -> Secret:
    """Return the secret of a new link for choosing a password; older links are void.

    Raises:
        Suspended: the link would open nothing.
    """
    if not user.active:
        raise Suspended(user_id=user.id)
    secret = tokens.new_secret()
    void = (Invitation.user_id == user.id) | (Invitation.expires_at <= work.now)
    work.db.execute(delete(Invitation).where(void))
    work.db.add(
        Invitation(
            digest=tokens.digest(secret, work.house.keys.newest(_INVITATION).value),
            user_id=user.id,
            epoch=user.epoch,
            expires_at=work.now + work.settings(PasswordSettings).invitation_lifetime,
        )
    )
    work.record(InvitationMade(user_id=user.id))
    return Secret(secret)


def look_at_invitation(work: Work, *, secret: str) -> None:
    """Return if a link is good at the moment; looking uses nothing up.

    Raises:
        Throttled: too many links were tried from this network.
        InvitationSpent: used, expired, or never was.
    """
    _invited(work, secret)


def redeem(work: Work, *, secret: str, password: str) -> None:
    """Spend a link on a password. Does not sign in.

    Raises:
        Throttled: too many links were tried from this network.
        PasswordRefused: the link stays good.
        InvitationSpent: used, expired, or never was; of two requests at once one gets this.
    """
    user = _invited(work, secret)
    sealed = seal(work, password=password, about=(user.username, user.email))
    digests = list(work.house.keys.digests(_INVITATION, secret))
    good = Invitation.digest.in_(digests) & (Invitation.expires_at > work.now)
    spent = changed(work.db, delete(Invitation).where(good))
    account = users.by_id(work.db, user.id)
    if spent != 1 or account.epoch != user.epoch or not account.active:
        raise InvitationSpent
    keep(work, user=account, sealed=sealed)


def _invited(work: Work, secret: str) -> User:
    if not tokens.well_formed(secret):
        raise InvitationSpent
    network = network_of(work.origin.address)
    limit = Limit("links", work.settings(ThrottlingSettings).links)
    throttling.count(work, attempts=[(limit, network)])
    digests = list(work.house.keys.digests(_INVITATION, secret))
    good = Invitation.digest.in_(digests) & (Invitation.expires_at > work.now)
    found = select(User).join(Invitation, Invitation.user_id == User.id)
    with work.reading() as db:
        user = db.scalar(found.where(good, User.active, User.epoch == Invitation.epoch))
    if user is None:
        with work.apart() as own:
            own.record(InvitationRefused())
        raise InvitationSpent
    return user


def _by_name(work: Work) -> Limit:
    return Limit("name and network", work.settings(ThrottlingSettings).name_and_network)


def _count(work: Work, who: str) -> str:
    """Count an attempt; return what it is counted under, for the case that it succeeds."""
    network = network_of(work.origin.address)
    tried = f"{who} from {network}"
    by_network = Limit("network", work.settings(ThrottlingSettings).network)
    throttling.count(work, attempts=[(by_network, network), (_by_name(work), tried)])
    return tried


def _welcome(work: Work, user_id: UUID, stored: str | None, password: str, tried: str) -> None:
    """Renew an outdated hash of a password that was right, and forget what was counted."""
    renewed = _renewed(work.house.part(Hashes), stored, password)
    throttling.forgive(work, limit=_by_name(work), what=tried)
    if renewed is not None and stored is not None:
        _replace(work, user_id, stored, renewed)


def _renewed(hashes: Hashes, stored: str | None, password: str) -> str | None:
    """Return a hash of today's cost in place of an outdated one, if there is a slot for it."""
    if stored is None or not hashes.outdated(stored):
        return None
    try:
        return hashes.make(password, live=True)
    except HashingOverloaded:
        # The password was right, and the next sign-in is as good a chance.
        return None


def _stored(work: Work, user: User) -> str | None:
    with work.reading() as db:
        row = db.get(Password, user.id)
        return row.encoded if row else None


def _read(work: Work, name: str) -> tuple[User | None, str | None]:
    with work.reading() as db:
        user = users.find(db, name)
        # Asked for nobody as well: a statement less would show in the time.
        row = db.get(Password, user.id if user else _NOBODY)
        return user, row.encoded if row else None


def _is_right(hashes: Hashes, stored: str | None, password: str, *, live: bool = False) -> bool:
    try:
        rules.as_bytes(password)
    except PasswordRefused:
        # Nobody's password can look so, which is known without a hash and tells nothing.
        return False
    return hashes.check(stored, password, live=live)


def _record_refusal(work: Work, name: str, user: User | None) -> None:
    key = work.house.keys.newest(_REFUSED_NAME).value
    name_hash = tokens.digest(counted_as(name), key).hex()[:16]
    with work.apart() as own:
        own.record(
            LoginRefused(user_id=user.id if user else None, method="password", name_hash=name_hash)
        )


def _replace(work: Work, user_id: UUID, old: str, new: str) -> None:
    """Keep a renewed hash, unless the password was changed meanwhile."""
    unchanged = (Password.user_id == user_id) & (Password.encoded == old)
    if changed(work.db, update(Password).where(unchanged).values(encoded=new)) == 1:
        work.record(PasswordRehashed(user_id=user_id))


def _words_of(about: Iterable[str | None]) -> Iterable[str]:
    for each in about:
        if each:
            yield each
            yield each.partition("@")[0]
