"""Make sets of recovery codes, and take each code once."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.core.house import House
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.login.errors import WrongFactor
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.recovery_codes import limits, rules
from flask_gatehouse.features.recovery_codes.errors import NothingToSpare
from flask_gatehouse.features.recovery_codes.events import RecoveryCodesMade, RecoveryCodeUsed
from flask_gatehouse.features.recovery_codes.models import RecoveryCode
from flask_gatehouse.features.recovery_codes.settings import RecoveryCodeSettings
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User

#: What a proof by a code is called.
METHOD: Final = "recovery_code"

#: Purpose of the key under which codes are stored.
PURPOSE: Final = "recovery_codes.code"

#: What a set is called in the list of factors.
_NAME: Final = "Recovery codes"


@dataclass(frozen=True)
class Spent:
    """A code that was taken."""

    method: str
    #: Codes that can still be used.
    left: int


def issue(work: Work, *, user: User) -> tuple[str, ...]:
    """Make a set, and void the one before; return the codes as they are shown, once.

    Whoever calls it tells the owner.
    """
    users.hold(work, user_id=user.id)
    former = delete(Factor).where(_sets_of(user.id))
    work.db.execute(former.execution_options(synchronize_session=False))
    made = mfa.write(work, user_id=user.id, method=METHOD, name=_NAME)
    codes = tuple(rules.new_code() for _ in range(rules.COUNT))
    key = work.house.keys.newest(PURPOSE)
    work.db.add_all(
        RecoveryCode(digest=tokens.digest(code, key.value), factor_id=made.id, key_id=key.id)
        for code in codes
    )
    work.db.flush()
    work.record(RecoveryCodesMade(user_id=user.id))
    return tuple(rules.shown_code(code) for code in codes)


def renew(work: Work, *, user: User) -> tuple[str, ...]:
    """Make a new set at the wish of its owner, and tell them by a letter.

    Args:
        user: as the session found it.

    Raises:
        Throttled: too many sets of this account.
        NotAsItWas: the account was changed meanwhile.
        NothingToSpare: it has no factor in whose place a code could be asked for.
    """
    limit = limits.PERSON.under(work.settings(RecoveryCodeSettings))
    throttling.count(work, attempts=[(limit, user.id.hex)])
    account = mfa.held(work, user=user)
    if all(factor.method == METHOD for factor in mfa.of(work.db, user_id=account.id)):
        raise NothingToSpare
    codes = issue(work, user=account)
    notices.notify(work, user=account, letter="recovery_codes_made")
    return codes


def left(house: House, db: Session, *, user_id: UUID) -> int | None:
    """Return how many codes an account can still use; None if it has no set.

    Those whose key is gone are none.
    """
    if db.scalar(select(Factor.id).where(_sets_of(user_id)).limit(1)) is None:
        return None
    in_force = RecoveryCode.key_id.in_([key.id for key in house.keys.keys(PURPOSE)])
    mine = RecoveryCode.factor_id.in_(select(Factor.id).where(_sets_of(user_id)))
    return db.scalar(select(func.count()).select_from(RecoveryCode).where(mine, in_force)) or 0


def prove(work: Work, *, user_id: UUID, code: str) -> Spent:
    """Take a code of an account, use it up, and tell its owner by a letter.

    Raises:
        WrongFactor: it is none of this account, or was used, or voided by a newer set.
    """
    # The account before what hangs on it, as whoever changes it does.
    account = users.hold(work, user_id=user_id)
    typed = rules.typed_code(code)
    factor_id = work.db.scalar(select(Factor.id).where(_sets_of(user_id)))
    if typed is None or factor_id is None:
        raise WrongFactor(method=METHOD)
    digests = list(work.house.keys.digests(PURPOSE, typed))
    mine = RecoveryCode.digest.in_(digests) & (RecoveryCode.factor_id == factor_id)
    spend = delete(RecoveryCode).where(mine)
    # Of two at once the database lets one through. Source: OWASP ASVS 5.0 6.5.1.
    if changed(work.db, spend.execution_options(synchronize_session=False)) != 1:
        raise WrongFactor(method=METHOD)
    mfa.used(work, factor_id=factor_id)
    still = left(work.house, work.db, user_id=user_id) or 0
    work.record(RecoveryCodeUsed(user_id=user_id, left=still))
    notices.notify(work, user=account, letter="recovery_code_used", left=still)
    return Spent(METHOD, still)


def _sets_of(user_id: UUID) -> ColumnElement[bool]:
    return (Factor.user_id == user_id) & (Factor.method == METHOD)
