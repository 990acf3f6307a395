"""The factors of an account: add, name and remove them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.db.base import MYSQL
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.mfa import kinds, policy, rules, trusting
from flask_gatehouse.features.mfa.errors import (
    FactorsOff,
    LastFactor,
    LastWayIn,
    TooManyFactors,
    UnknownFactor,
)
from flask_gatehouse.features.mfa.events import FactorAdded, FactorRemoved, FactorRenamed
from flask_gatehouse.features.mfa.kinds import SpareCodes, WayIn
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.mfa.settings import MfaSettings
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import NotAsItWas
from flask_gatehouse.features.users.models import User

_factors = cast("Table", Factor.__table__)
_USED = (
    update(_factors)
    .where(_factors.c.id == bindparam("which"))
    .values(last_used_at=bindparam("now"))
)
_METHODS = select(Factor.method).where(Factor.user_id == bindparam("whose"))

#: A public id has so many characters; anything else is not looked up.
_ID_LENGTH = 22


@dataclass(frozen=True)
class Added:
    """A factor that an account got just now."""

    factor: Factor
    #: Whether the account had none that counts before.
    first: bool
    #: To be shown once; empty if there were some before.
    spare_codes: tuple[str, ...] = ()


def of(db: Session, *, user_id: UUID) -> Sequence[Factor]:
    """Return the factors of an account, oldest first."""
    mine = select(Factor).where(Factor.user_id == user_id)
    return db.scalars(mine.order_by(Factor.created_at, Factor.id)).all()


def methods_of(db: Session, *, user_id: UUID) -> frozenset[str]:
    """Return of which kinds an account has any."""
    return frozenset(db.scalars(_METHODS, {"whose": user_id}))


def methods_now(work: Work, *, user_id: UUID) -> frozenset[str]:
    """Return the same in a transaction that holds the account, whatever that read before.

    A host on MariaDB may have begun it long ago, and would see what was there then.
    """
    wanted = _METHODS
    if work.db.connection().dialect.name in MYSQL:
        wanted = wanted.with_for_update(read=True)
    return frozenset(work.db.scalars(wanted, {"whose": user_id}))


def asks_for_more(work: Work, db: Session, *, user_id: UUID) -> bool:
    """Whether an account has a factor that makes it ask for a second step."""
    return bool(methods_of(db, user_id=user_id) & kinds.those_that_count(work.house))


def held(work: Work, *, user: User) -> User:
    """Return an account, held, for a session that may change its factors at this moment.

    The page has looked at the session before. Meanwhile somebody else may have ended it, or have
    given the account a factor that it was opened without.

    Args:
        user: as the session found it: what changed since then refuses.

    Raises:
        NotAsItWas: the session may not, or the account was changed.
    """
    account = users.held(work, user=user)
    asking = work.origin.session_id
    if asking is not None:
        methods = sessions.methods_of(work.db, public_id=asking)
        if methods is None:
            raise NotAsItWas
        if not rules.is_proven(methods) and asks_for_more(work, work.db, user_id=account.id):
            raise NotAsItWas
    return account


def add(work: Work, *, user: User, method: str, name: str) -> Added:
    """Give an account a factor that was confirmed just now.

    With the first one, whoever got in without it is out, but for the browser that added it; and
    there are spare codes for the day on which it is lost.

    Args:
        user: as the session found it: what changed since then refuses.

    Raises:
        FactorNameRefused, TooManyFactors.
        FactorsOff: nobody can add any here.
        NotAsItWas: the account was suspended or deleted, or what was proven changed meanwhile.
    """
    wanted = rules.acceptable_name(name)
    account = held(work, user=user)
    if not policy.may_add(work.house, account):
        raise FactorsOff
    before = of(work.db, user_id=account.id)
    most = work.settings(MfaSettings).per_user
    if len(before) >= most:
        raise TooManyFactors(most=most)
    factor = write(work, user_id=account.id, method=method, name=wanted)
    counting = kinds.those_that_count(work.house)
    first = method in counting and not any(each.method in counting for each in before)
    spare: tuple[str, ...] = ()
    if first:
        # Source: OWASP ASVS 5.0 7.4.3.
        sessions.end_all_but(work, user_id=account.id, public_id=work.origin.session_id)
        spare = tuple(
            code for each in work.house.plugs(SpareCodes) for code in each.issue(work, user=account)
        )
    work.record(FactorAdded(user_id=account.id, method=method, factor=factor.public_id))
    kind = _label(work, method)
    notices.notify(work, user=account, letter="factor_added", kind=kind, first=first)
    return Added(factor, first, spare)


def write(work: Work, *, user_id: UUID, method: str, name: str) -> Factor:
    """Add the row of a factor; no browser stands in for it yet. Hold the account before."""
    trusting.end_all(work, user_id=user_id)
    factor = Factor(
        public_id=tokens.new_public_id(),
        user_id=user_id,
        method=method,
        name=name,
        created_at=work.now,
        last_used_at=None,
    )
    work.db.add(factor)
    work.db.flush()
    return factor


def used(work: Work, *, factor_id: UUID) -> None:
    """Write down that a factor was used just now."""
    work.db.execute(_USED, {"which": factor_id, "now": work.now})


def rename(work: Work, *, user: User, factor: str, name: str) -> None:
    """Call a factor something else.

    Raises:
        UnknownFactor: the person has none with this public id.
        FactorNameRefused: it cannot be called so.
    """
    wanted = rules.acceptable_name(name)
    if len(factor) != _ID_LENGTH:
        raise UnknownFactor
    mine = (Factor.user_id == user.id) & (Factor.public_id == factor)
    named = update(Factor).where(mine).values(name=wanted)
    if changed(work.db, named.execution_options(synchronize_session=False)) != 1:
        raise UnknownFactor
    work.record(FactorRenamed(user_id=user.id, factor=factor))


def remove(work: Work, *, user: User, factor: str) -> None:
    """Take a factor away; with the last one that counts, the spare codes go too.

    Args:
        user: as the session found it: what changed since then refuses.

    Raises:
        UnknownFactor: the person has none with this public id.
        LastWayIn: without it the person could not sign in any more.
        LastFactor: the person must keep one that counts.
        NotAsItWas: the account was suspended or deleted, or what was proven changed meanwhile.
    """
    account = held(work, user=user)
    before = of(work.db, user_id=account.id)
    gone = next((each for each in before if each.public_id == factor), None)
    if gone is None:
        raise UnknownFactor
    left = [each for each in before if each is not gone]
    if not _can_enter(work, account, left):
        raise LastWayIn
    counting = kinds.those_that_count(work.house)
    last = not any(each.method in counting for each in left)
    if last and gone.method in counting and policy.keeps_one(work.house, account):
        raise LastFactor
    _take_away(work, account, gone)
    trusting.end_all(work, user_id=account.id)
    if last:
        for each in left:
            _take_away(work, account, each)
    notices.notify(
        work,
        user=account,
        letter="factor_removed",
        kind=_label(work, gone.method),
        last=last,
    )


def remove_all(work: Work, *, user: User) -> int:
    """Take every factor of an account away; return how many. Hold the account before."""
    found = of(work.db, user_id=user.id)
    for each in found:
        _take_away(work, user, each)
    return len(found)


def _take_away(work: Work, user: User, factor: Factor) -> None:
    # What its kind knows of it goes by the foreign key.
    work.db.execute(
        delete(Factor).where(Factor.id == factor.id).execution_options(synchronize_session=False)
    )
    work.record(FactorRemoved(user_id=user.id, method=factor.method, factor=factor.public_id))


def _can_enter(work: Work, user: User, left: Sequence[Factor]) -> bool:
    alone = {kind.method for kind in kinds.all_of(work.house) if kind.enters_alone}
    if any(each.method in alone for each in left):
        return True
    return any(way.is_open(work.db, user.id) for way in work.house.plugs(WayIn))


def _label(work: Work, method: str) -> str:
    return next((kind.label for kind in kinds.of(work.house, [method])), method)
