"""Which passkey an answer is of, and what it proves: verified in one place for every purpose."""

import hashlib
from typing import Final, NamedTuple, NoReturn, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, select, update

from flask_gatehouse.core import tokens
from flask_gatehouse.db.base import Digest
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.passkeys import ceremony, rules
from flask_gatehouse.features.passkeys.answers import Signed
from flask_gatehouse.features.passkeys.ceremony import New, Proof
from flask_gatehouse.features.passkeys.errors import PasskeyRefused, UnknownPasskey
from flask_gatehouse.features.passkeys.events import AnswerRefused, CounterWentBack
from flask_gatehouse.features.passkeys.models import Passkey, PasskeyOwner
from flask_gatehouse.features.passkeys.rules import Party, Purpose, to_text
from flask_gatehouse.features.passkeys.settings import PasskeySettings
from flask_gatehouse.features.users.models import User

#: Purpose of the key with which ids of nobody are made.
STAND_INS: Final = "passkeys.stand_ins"


# Written once: a sign-in by passkey takes less time than putting its statements together.
_MET: Final = (
    select(
        Passkey.factor_id,
        Factor.public_id,
        Passkey.public_key,
        Passkey.sign_count,
        Passkey.backup_eligible,
        PasskeyOwner.handle,
        User.id,
        User.epoch,
    )
    .join(Factor, Factor.id == Passkey.factor_id)
    .join(PasskeyOwner, PasskeyOwner.user_id == Passkey.user_id)
    .join(User, User.id == Passkey.user_id)
    .where(Passkey.digest == bindparam("digest", type_=Digest))
)
_passkeys: Final = cast("Table", Passkey.__table__)
_COUNT: Final = (
    update(_passkeys)
    .where(_passkeys.c.factor_id == bindparam("factor"))
    .values(sign_count=bindparam("said"), backed_up=bindparam("backed"))
)
_COUNT_ON: Final = _COUNT.where(_passkeys.c.sign_count < bindparam("said"))
#: Of one that does not count, and never did.
_COUNT_NONE: Final = _COUNT.where(_passkeys.c.sign_count == 0)


class Known(NamedTuple):
    """A passkey that was met, and whose it is."""

    factor_id: UUID
    #: Names it in the record.
    public_id: str
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    handle: bytes
    user_id: UUID
    epoch: int


def meet(work: Work, signed: Signed) -> Known:
    """Return the passkey that an answer names. Raises: UnknownPasskey, PasskeyRefused."""
    with work.reading() as db:
        row = db.execute(_MET, {"digest": digest_of(signed.credential_id)}).one_or_none()
    if row is not None:
        return Known(*row)
    for key in work.house.keys.keys(STAND_INS):
        if rules.is_stand_in(key.value, signed.credential_id):
            # As if somebody had it: nobody learns which of the ids for a name are made up.
            raise PasskeyRefused("stand-in")
    raise UnknownPasskey(to_text(signed.credential_id))


def prove(
    work: Work,
    known: Known,
    signed: Signed,
    purpose: Purpose,
    here: Party,
    *,
    wanted: UUID | None,
    verified: bool,
) -> Proof:
    """Verify an answer, and count on: the counter stays whatever comes, as the passkey's does."""
    if known.user_id != wanted:
        refuse(work, known, purpose, "account")
    if signed.handle is not None and not tokens.same(signed.handle, known.handle):
        refuse(work, known, purpose, "handle")
    try:
        proof = ceremony.verify(signed, party=here, public_key=known.public_key, verified=verified)
    except PasskeyRefused as refusal:
        _record_refusal(work, known, purpose, refusal.reason)
        raise
    if proof.backup_eligible != known.backup_eligible:
        # Source: W3C Web Authentication Level 3, 7.2, step 19.
        refuse(work, known, purpose, "backup")
    refuse_synced(work, proof)
    _count_on(work, known, proof)
    mfa.used(work, factor_id=known.factor_id)
    return proof


def _count_on(work: Work, known: Known, proof: Proof) -> None:
    """Compare the counter and set it in one statement.

    Raises:
        PasskeyRefused: it stood still or went back.
    Source: W3C Web Authentication Level 3, 7.2, step 23.
    """
    said = proof.sign_count
    given = {"factor": known.factor_id, "said": said, "backed": proof.backed_up}
    with work.apart() as own:
        if changed(own.db, _COUNT_ON if said else _COUNT_NONE, given) == 1:
            return
    with work.apart() as own:
        own.record(
            CounterWentBack(
                user_id=known.user_id,
                factor=known.public_id,
                known=known.sign_count,
                said=said,
            )
        )
    raise PasskeyRefused("counter")


def refuse_synced(work: Work, found: New | Proof) -> None:
    """Return if the passkey may be one of its kind here. Raises: PasskeyRefused."""
    if found.backup_eligible and not work.settings(PasskeySettings).synced:
        raise PasskeyRefused("synced")


def refuse(work: Work, known: Known, purpose: Purpose, reason: str) -> NoReturn:
    """Write a refusal down, and refuse. Raises: PasskeyRefused."""
    _record_refusal(work, known, purpose, reason)
    raise PasskeyRefused(reason)


def _record_refusal(work: Work, known: Known, purpose: Purpose, reason: str) -> None:
    with work.apart() as own:
        own.record(AnswerRefused(user_id=known.user_id, purpose=purpose, reason=reason))


def digest_of(credential_id: bytes) -> bytes:
    """Return under what a passkey is found."""
    return hashlib.sha256(credential_id).digest()
