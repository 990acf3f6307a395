"""Prove an account by its password; set passwords; invite people to choose theirs."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import update

from flask_gatehouse.core import tokens
from flask_gatehouse.core.settings import Secret
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import marks, notices
from flask_gatehouse.features.login.attempts import Attempt
from flask_gatehouse.features.login.events import LoginRefused
from flask_gatehouse.features.login.marks import Mark
from flask_gatehouse.features.mfa.rules import is_two_step
from flask_gatehouse.features.passwords import guesses, rules
from flask_gatehouse.features.passwords.errors import (
    HashingOverloaded,
    NotConfirmed,
    PasswordRefused,
    WrongCredentials,
)
from flask_gatehouse.features.passwords.events import (
    ConfirmationsExhausted,
    InvitationMade,
    PasswordRehashed,
    PasswordSet,
)
from flask_gatehouse.features.passwords.guesses import Guess
from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.passwords.models import Password
from flask_gatehouse.features.passwords.settings import PasswordSettings
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.rules import Purpose
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.sessions.errors import SessionOver
from flask_gatehouse.features.sessions.finding import Standing
from flask_gatehouse.features.throttling import limits
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.throttling.rules import Limit, network_of
from flask_gatehouse.features.throttling.settings import ThrottlingSettings
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import Suspended
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rules import counted_as

#: What a link for choosing the first password proves. Any new password voids it.
FIRST: Final = Purpose("passwords.first")

_REFUSED_NAME: Final = "passwords.refused_name"

#: Shorter words of the context would refuse passwords by accident.
_SHORTEST_WORD: Final = 3

#: Characters of a name that are looked at; more is no name.
_LONGEST_TYPED: Final = 1024


_ACCOUNT: Final = users.BY_NAME.add_columns(Password.encoded).outerjoin(
    Password, Password.user_id == User.id
)


@dataclass(frozen=True)
class Tried:
    """What an attempt is counted under, in the order of counting.

    Args:
        of_the_source: forgotten when it succeeds.
        of_everybody: one attempt is taken back when it succeeds.
        of_the_network: stays counted.
    """

    of_the_source: tuple[tuple[Limit, str], ...]
    of_everybody: tuple[tuple[Limit, str], ...] = ()
    of_the_network: tuple[tuple[Limit, str], ...] = ()


@dataclass(frozen=True)
class Asked:
    """What there is to verify, read once the attempt was counted."""

    user: User | None
    stored: str | None
    guess: Guess


@dataclass(frozen=True)
class Sealed:
    """A new password that keeps the rules, hashed. Made before the transaction begins."""

    encoded: Secret


def prove(work: Work, *, name: str, password: str, device: str | None = None) -> Attempt:
    """Prove an account by name and password. Opens nothing by itself.

    Counts before it verifies. No transaction is open while it hashes, so hashing holds nobody up.

    Args:
        name: user name or e-mail address, in any spelling, as typed.
        device: the cookie by which the browser is known, if it has one.

    Raises:
        Throttled: too many attempts on this name, from here or from everywhere, or from this
            network; in a known browser, in it.
        WrongCredentials: unknown, wrong, without a password, stopped, or suspended: never said
            which. An account that its owner put aside is proven as any other; see `returning`.
        HashingOverloaded: too many are signing in at this moment.
    """
    name = name[:_LONGEST_TYPED]
    # A place first: in a storm most are turned away, and those must neither wait nor cost a write.
    # Nothing is looked at for them, so nothing has to be counted.
    with _place(work, password):
        mark = marks.recognise(work, value=device, name=name)
        # All spellings of a name share a counter. A name and the address of the same account do
        # not: that one runs out with the other would tell a stranger that they belong together.
        who = counted_as(name)
        tried = _tried(work, who, mark)
        asked = _count_and_ask(work, tried, who, name, known=mark is not None)
        user, stored, guess = users.awake(work, user=asked.user), asked.stored, asked.guess
        right = _is_right(work, user, stored, password, guess)
        if not right or user is None or not user.open_to_owner:
            _record_refusal(work, name, user, guess)
            raise WrongCredentials
        _welcome(work, user, stored, password, tried, guess)
    return Attempt(user_id=user.id, methods=("password",), epoch=user.epoch)


def confirm(
    work: Work, *, standing: Standing, user: User, password: str, device: str | None = None
) -> None:
    """Prove that whoever is signed in knows the password. Makes nothing fresh by itself.

    Counts before it verifies, and together with sign-ins: a browser that was left open gives
    nobody more guesses.

    Raises:
        SessionOver: too many attempts in this session, which is ended.
        Throttled: too many attempts on this account, as for `prove`.
        NotConfirmed: it is another password, or there is none.
        HashingOverloaded: too many are signing in at this moment.
    """
    with _place(work, password, live=True):
        stored = _stored(work, user)
        mark = marks.recognise(work, value=device, name=user.username)
        in_session = _count_in_session(work, standing)
        who = counted_as(user.username)
        tried = _tried(work, who, mark)
        _count(work, tried, who)
        guess = guesses.spend(work, user_id=user.id, known=True)
        if not _is_right(work, user, stored, password, guess, live=True):
            _record_refusal(work, user.username, user, guess)
            raise NotConfirmed
        throttling.forgive(work, limit=in_session, what=standing.public_id)
        _welcome(work, user, stored, password, tried, guess)


def change(
    work: Work,
    *,
    standing: Standing,
    user: User,
    current: str,
    new: str,
    device: str | None = None,
) -> Attempt:
    """Set another password, proven by the current one; every session of before is over.

    The current password is the proof: how fresh the session is does not matter, and stays as it is
    if this is refused.

    Returns:
        What opens a session in the browser that asked.

    Raises:
        PasswordRefused: the new one breaks a rule; nothing was counted.
        SessionOver, Throttled, NotConfirmed, HashingOverloaded: as for `confirm`.
        Suspended: the account was suspended meanwhile, or its password changed.
    """
    sealed = seal(work, password=new, about=(user.username, user.email))
    confirm(work, standing=standing, user=user, password=current, device=device)
    account = users.hold(work, user_id=user.id)
    if account.epoch != user.epoch or not account.active:
        raise Suspended(user_id=user.id)
    keep(work, user=account, sealed=sealed)
    if standing.proven_at is None or not is_two_step(standing.methods):
        return Attempt(user_id=user.id, methods=("password",))
    # The session goes on as what it was: the second step that was taken in it counts, for as long
    # as it would have.
    return Attempt(user_id=user.id, methods=standing.methods, proven_at=standing.proven_at)


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
    judge(work, password=password, about=about)
    return Sealed(Secret(work.house.part(Hashes).make(password)))


def judge(work: Work, *, password: str, about: Iterable[str | None]) -> None:
    """Return if a new password keeps the rules. Takes and raises what `seal` does, at no cost."""
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


def keep(work: Work, *, user: User, sealed: Sealed) -> None:
    """Set a password; every session, link and remembered browser of before is over."""
    # First, because it locks the account: of two first passwords at once the later one stays.
    users.end_everything(work, user_id=user.id)
    row = work.db.get(Password, user.id)
    if row is None:
        work.db.add(Password(user_id=user.id, encoded=str(sealed.encoded), changed_at=work.now))
    else:
        row.encoded, row.changed_at = str(sealed.encoded), work.now
        guesses.begin_anew(row)
        sessions.end_all(work, user_id=user.id)
        notices.notify(work, user=user, letter="password_changed")
    work.db.flush()
    work.record(PasswordSet(user_id=user.id))


def invite(work: Work, *, user: User) -> Secret:
    """Return the secret of a new link for choosing a password; older links are void.

    Raises:
        Suspended: the link would open nothing.
    """
    if not user.active:
        raise Suspended(user_id=user.id)
    lifetime = work.settings(PasswordSettings).invitation_lifetime
    # Whoever runs the site may hand the link over in any way, so it proves no mailbox.
    made = proofs.make(work, purpose=FIRST, user=user, address="", lifetime=lifetime)
    work.record(InvitationMade(user_id=user.id))
    return made.secret


def look_at_invitation(work: Work, *, secret: str) -> None:
    """Return if a link is good at the moment; looking uses nothing up.

    Raises:
        Throttled: too many links were tried from this network.
        ProofSpent: used, expired, replaced, or never was, or the account has changed since.
    """
    proofs.look(work, purpose=FIRST, secret=secret)


def redeem(work: Work, *, secret: str, password: str) -> None:
    """Spend a link on a password. Does not sign in.

    Raises:
        Throttled: too many links were tried from this network.
        PasswordRefused: the link stays good.
        ProofSpent: as for `look_at_invitation`; of two requests at once one gets this.
    """
    found = proofs.look(work, purpose=FIRST, secret=secret)
    with work.reading() as db:
        user = users.by_id(db, found.owner)
    sealed = seal(work, password=password, about=(user.username, user.email))
    found = proofs.spend(work, purpose=FIRST, secret=secret)
    keep(work, user=users.by_id(work.db, found.owner), sealed=sealed)


def _tried(work: Work, who: str, mark: Mark | None) -> Tried:
    rates = work.settings(ThrottlingSettings)
    if mark is not None:
        # Whatever strangers use up, on this name or in this network, is no concern of the owner.
        return Tried(of_the_source=((limits.DEVICE.under(rates), mark.counted_as),))
    network = network_of(work.origin.address)
    return Tried(
        of_the_source=((limits.NAME_AND_NETWORK.under(rates), f"{who} from {network}"),),
        of_everybody=((limits.ACCOUNT.under(rates), who),),
        of_the_network=((limits.NETWORK.under(rates), network),),
    )


def _count(work: Work, tried: Tried, who: str, then: Callable[[Work], None] | None = None) -> None:
    """Count an attempt. Raises: Throttled."""
    # The account last: what a network has to wait for anyway uses up nothing of it.
    attempts = [*tried.of_the_network, *tried.of_the_source, *tried.of_everybody]
    throttling.count(work, attempts=attempts, who=who, then=then)


def _count_and_ask(work: Work, tried: Tried, who: str, name: str, *, known: bool) -> Asked:
    """Count an attempt, and as a failure of the account that it is about, in one transaction.

    All of it is committed before the password is looked at. Raises: Throttled: nothing was asked.
    """
    found: list[Asked] = []

    def ask(own: Work) -> None:
        # One statement for everybody: nobody who has no account, or no password, is asked less.
        row = own.db.execute(_ACCOUNT, users.named_as(name)).first()
        user, encoded = (None, None) if row is None else (row.User, row.encoded)
        whose = None if user is None else user.id
        guess = guesses.spend_here(own, user_id=whose, known=known)
        found.append(Asked(user, encoded, guess))

    _count(work, tried, who, ask)
    return found[-1]


def _count_in_session(work: Work, standing: Standing) -> Limit:
    """Count a confirmation, and end a session in which too many failed."""
    limit = limits.SESSION.under(work.settings(ThrottlingSettings))
    try:
        throttling.count(work, attempts=[(limit, standing.public_id)])
    except throttling.Throttled as refusal:
        with work.apart() as own:
            sessions.end(own, digests=[standing.digest])
            own.record(ConfirmationsExhausted(user_id=standing.user.id if standing.user else None))
        raise SessionOver from refusal
    return limit


def _welcome(
    work: Work, user: User, stored: str | None, password: str, tried: Tried, guess: Guess
) -> None:
    """Renew an outdated hash of a password that was right, and forget what was counted."""
    renewed = _renewed(work.house.part(Hashes), stored, password)
    # The account before its password, as whoever sets one does: so nobody waits in a circle.
    users.hold(work, user_id=user.id)
    for limit, what in tried.of_the_source:
        throttling.forgive(work, limit=limit, what=what)
    for limit, what in tried.of_everybody:
        throttling.take_back(work, limit=limit, what=what)
    guesses.succeeded(work, user=user, guess=guess)
    if renewed is not None and stored is not None:
        _replace(work, user.id, stored, renewed)


def _renewed(hashes: Hashes, stored: str | None, password: str) -> str | None:
    """Return a hash of today's cost in place of an outdated one, if there is a slot for it."""
    if stored is None or not hashes.outdated(stored):
        return None
    try:
        return hashes.make(password, live=True, placed=True)
    except HashingOverloaded:
        # The password was right, and the next sign-in is as good a chance.
        return None


def _stored(work: Work, user: User) -> str | None:
    with work.reading() as db:
        row = db.get(Password, user.id)
        return row.encoded if row else None


def _place(work: Work, password: str, *, live: bool = False) -> AbstractContextManager[None]:
    """Take a place among those who hash, if a hash will be needed."""
    return work.house.part(Hashes).place(live=live) if _may_be_one(password) else nullcontext()


def _may_be_one(password: str) -> bool:
    try:
        rules.as_bytes(password)
    except PasswordRefused:
        # Nobody's password can look so, which is known without a hash and tells nothing.
        return False
    return True


def _is_right(
    work: Work,
    user: User | None,
    stored: str | None,
    password: str,
    guess: Guess,
    *,
    live: bool = False,
) -> bool:
    if not _may_be_one(password):
        return False
    try:
        # A password that is stopped costs the hash of an unknown name.
        asked = stored if guess.allowed else None
        return work.house.part(Hashes).check(asked, password, live=live, placed=True)
    except HashingOverloaded:
        counted = user.id if guess.allowed and user is not None else None
        guesses.take_back(work, user_id=counted)
        raise


def _record_refusal(work: Work, name: str, user: User | None, guess: Guess) -> None:
    key = work.house.keys.newest(_REFUSED_NAME).value
    name_hash = tokens.digest(counted_as(name), key).hex()[:16]
    with work.apart() as own:
        own.record(
            LoginRefused(user_id=user.id if user else None, method="password", name_hash=name_hash)
        )
        if user is not None:
            guesses.failed(own, user=user, guess=guess)


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
