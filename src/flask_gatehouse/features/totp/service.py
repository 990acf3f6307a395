"""Set an authenticator app up, and take its codes, each once."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from flask_gatehouse.core import sealing, tokens
from flask_gatehouse.core.house import House
from flask_gatehouse.core.sealing import SealBroken
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login.errors import WrongFactor
from flask_gatehouse.features.mfa import rules as factors
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.totp import drawing, limits, rules, seeds
from flask_gatehouse.features.totp.errors import NotOffered, SetUpOver, WrongCode
from flask_gatehouse.features.totp.models import Totp, TotpSetUp
from flask_gatehouse.features.totp.settings import TotpSettings
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User

_log = logging.getLogger("gatehouse")

#: What a proof by a code is called.
METHOD: Final = "totp"

#: What an app is called by whoever gives it no name.
_NAME: Final = "Authenticator app"

#: How long a set-up can be finished. Source: OWASP ASVS 5.0 6.4.1.
_LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class SetUp:
    """An app that is about to be added. The seed is for the person's eyes, once."""

    public_id: str
    name: str
    seed: bytes = field(repr=False)


def is_offered(house: House) -> bool:
    """Whether people can add an app: it is switched on, and what it needs is installed."""
    return house.settings[TotpSettings].enabled and sealing.is_possible() and drawing.is_possible()


def begin(work: Work, *, user: User, bound_to: str, name: str) -> SetUp:
    """Make a seed that counts nowhere until a code shows that an app has it.

    What was begun in the same sign-in before is void.

    Args:
        bound_to: the sign-in, whole or pending, in which it can be finished.
        name: what the app is to be called; empty is the usual name.

    Raises:
        NotOffered: this site has no authenticator apps.
        FactorNameRefused: it cannot be called so.
        Throttled: too many set-ups of this account.
    """
    if not is_offered(work.house):
        raise NotOffered
    name = factors.acceptable_name(name.strip() or _NAME)
    count(work, user=user)
    users.hold(work, user_id=user.id)
    mine = (TotpSetUp.user_id == user.id) & (TotpSetUp.bound_to == bound_to)
    work.db.execute(delete(TotpSetUp).where(mine))
    seed, public_id = rules.new_seed(), tokens.new_public_id()
    work.db.add(
        TotpSetUp(
            public_id=public_id,
            user_id=user.id,
            bound_to=bound_to,
            name=name,
            seed=seeds.sealed_for_setup(work.house, seed, public_id=public_id, user_id=user.id),
            created_at=work.now,
            expires_at=work.now + _LIFETIME,
        )
    )
    work.db.flush()
    return SetUp(public_id, name, seed)


def count(work: Work, *, user: User) -> None:
    """Count a set-up or a code for one. It must come before the first write of the work.

    Raises:
        Throttled: too many of this account.
    """
    limit = limits.PERSON.under(work.settings(TotpSettings))
    throttling.count(work, attempts=[(limit, user.id.hex)])


def look(work: Work, *, user: User, bound_to: str, public_id: str) -> SetUp:
    """Return a set-up to whoever began it, to be shown once more.

    Raises:
        SetUpOver: it is none of this person's in this sign-in, or not any more.
    """
    mine = (TotpSetUp.user_id == user.id) & (TotpSetUp.bound_to == bound_to)
    good = mine & (TotpSetUp.public_id == public_id) & (TotpSetUp.expires_at > work.now)
    row = work.db.scalars(select(TotpSetUp).where(good)).one_or_none()
    if row is None:
        raise SetUpOver
    try:
        return SetUp(row.public_id, row.name, seeds.opened_of_setup(work.house, row))
    except SealBroken as error:
        raise SetUpOver from error


def confirm(work: Work, *, user: User, bound_to: str, public_id: str, code: str) -> mfa.Added:
    """Add the app that shows this code. The code is used up by that. Count the try before.

    Raises:
        SetUpOver: as for `look`; of two at once one gets this.
        WrongCode: the set-up stays, and can be tried again.
        TooManyFactors: the account has as many as it may have.
    """
    users.hold(work, user_id=user.id)
    setup = look(work, user=user, bound_to=bound_to, public_id=public_id)
    step = _step_of(work, setup.seed, rules.typed_code(code))
    if step is None:
        raise WrongCode
    spend = delete(TotpSetUp).where(TotpSetUp.public_id == public_id)
    if changed(work.db, spend.execution_options(synchronize_session=False)) != 1:
        raise SetUpOver
    added = mfa.add(work, user=user, method=METHOD, name=setup.name)
    factor_id = added.factor.id
    kept = seeds.sealed(work.house, setup.seed, factor_id=factor_id, user_id=user.id)
    work.db.add(Totp(factor_id=factor_id, seed=kept, last_step=step))
    work.db.flush()
    return added


def prove(work: Work, *, user_id: UUID, code: str) -> str:
    """Take a code of one of the apps of an account, and use it up; return the method.

    Each app is tried, because nobody says which one they look at.

    Raises:
        WrongFactor: it is no code of now, was used, or nobody can read the seed any more.
    """
    # The account before what hangs on it, as whoever changes it does.
    users.hold(work, user_id=user_id)
    digits = rules.typed_code(code)
    for row in _of(work.db, user_id):
        step = _step_of(work, _seed(work, row, user_id), digits)
        if step is not None and _spend(work, row, step):
            mfa.used(work, factor_id=row.factor_id)
            return METHOD
    raise WrongFactor(method=METHOD)


def _of(db: Session, user_id: UUID) -> Sequence[Totp]:
    mine = select(Totp).join(Factor, Factor.id == Totp.factor_id).where(Factor.user_id == user_id)
    return db.scalars(mine.order_by(Factor.created_at, Factor.id)).all()


def _seed(work: Work, row: Totp, user_id: UUID) -> bytes | None:
    """Return the seed; None if it does not open: then the app proves nothing."""
    try:
        return seeds.opened(work.house, row, user_id=user_id)
    except SealBroken as error:
        _log.error("the seed of factor %s cannot be read: %s", row.factor_id, error)
        return None


def _step_of(work: Work, seed: bytes | None, digits: str | None) -> int | None:
    if seed is None or digits is None:
        return None
    previous = work.settings(TotpSettings).previous_step
    return rules.matching_step(seed, digits, now=rules.step_at(work.now), previous=previous)


def _spend(work: Work, row: Totp, step: int) -> bool:
    """Use a code up, in whatever spelling: of two at once the database lets one through.

    Source: RFC 6238 5.2; OWASP ASVS 5.0 6.5.1.
    """
    unused = (Totp.factor_id == row.factor_id) & (Totp.last_step < step)
    spend = update(Totp).where(unused).values(last_step=step)
    return changed(work.db, spend.execution_options(synchronize_session=False)) == 1
