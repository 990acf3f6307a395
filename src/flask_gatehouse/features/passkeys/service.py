"""Let passkeys prove who somebody is, alone or beside another proof."""

import secrets
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.statements import added
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login.attempts import Attempt
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.passkeys import (
    answers,
    ceremony,
    challenges,
    limits,
    options,
    proving,
    rules,
)
from flask_gatehouse.features.passkeys.errors import (
    NotOffered,
    PasskeyRefused,
)
from flask_gatehouse.features.passkeys.models import Passkey, PasskeyOwner
from flask_gatehouse.features.passkeys.options import Options
from flask_gatehouse.features.passkeys.rules import HANDLE_BYTES, Party, Purpose, to_text
from flask_gatehouse.features.passkeys.settings import PasskeySettings
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.throttling.rules import network_of
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.rules import counted_as

#: What a proof is called if the passkey verified its holder, and if it did not.
VERIFIED: Final = "passkey"
HELD: Final = "key"

#: An id that no account has.
_NOBODY: Final = UUID(int=0)


def party(house: House) -> Party | None:
    """Return for whom passkeys are made; None where no browser makes one, whatever is switched."""
    related = house.settings[PasskeySettings].related_origins
    return rules.party(house.settings[CoreSettings].public_url, related)


def is_offered(house: House) -> bool:
    """Whether people can make and use passkeys: switched on, installed, and possible here."""
    switched = house.settings[PasskeySettings].enabled
    return switched and ceremony.is_installed() and party(house) is not None


def ask_to_sign_in(work: Work, *, browser: str, name: str = "") -> Options:
    """Return what a browser is asked for by whom nobody knows yet.

    Without a name any passkey of this site may answer that knows its person. With one there is a
    list, as long and as lasting for a name that nobody has.

    Args:
        browser: what names the browser, and no other one.
        name: as typed.

    Raises:
        NotOffered: this site takes no passkeys.
        Throttled: too many from this network.
    """
    here = open_party(work)
    count(work)
    if not name.strip():
        challenge = challenges.make(work, purpose=Purpose.SIGN_IN, bound_to=browser)
        return options.request(party=here, challenge=challenge, verified=True)
    with work.reading() as db:
        user = users.find(db, name)
        # Asked for nobody as well, so that the time tells nothing.
        has = ids_of(db, user.id if user is not None else _NOBODY)
    key = work.house.keys.newest(proving.STAND_INS).value
    challenge = challenges.make(
        work,
        purpose=Purpose.SIGN_IN,
        bound_to=browser,
        user_id=user.id if user is not None else None,
        facts={"named": True},
    )
    allowed = rules.named(key, name=counted_as(name), has=has)
    return options.request(party=here, challenge=challenge, verified=True, allowed=allowed)


def sign_in(work: Work, *, browser: str, answer: str) -> Attempt:
    """Return who a passkey proves, which verified them. It has no rights yet.

    It must come before the first write of the work, as all that take an answer.

    Raises:
        NotOffered: this site takes no passkeys.
        PasskeyRefused: whatever is wrong.
        UnknownPasskey: nobody has it, or not any more.
    """
    here = open_party(work)
    # Not counted once more: what it answers was, when it was asked for, and is good for one answer.
    signed = answers.signed(answer)
    taken = challenges.take(
        work, challenge=signed.client_data.challenge, purpose=Purpose.SIGN_IN, bound_to=browser
    )
    known = proving.meet(work, signed)
    by_name = bool(taken.facts.get("named"))
    wanted = taken.user_id if by_name else known.user_id
    if not by_name and signed.handle is None:
        # Source: W3C Web Authentication Level 3, 7.2, step 6.
        proving.refuse(work, known, Purpose.SIGN_IN, "no handle")
    proving.prove(work, known, signed, Purpose.SIGN_IN, here, wanted=wanted, verified=True)
    return Attempt(user_id=known.user_id, methods=(VERIFIED,), epoch=known.epoch)


def ask_beside(work: Work, *, purpose: Purpose, user_id: UUID, bound_to: str) -> Options:
    """Return what the browser of somebody is asked for who is known already.

    Args:
        purpose: `SECOND_STEP` or `CONFIRM`.
        bound_to: names the pending sign-in or the session.
    """
    here = _party(work)
    count(work)
    with work.reading() as db:
        allowed = ids_of(db, user_id)
    challenge = challenges.make(work, purpose=purpose, bound_to=bound_to, user_id=user_id)
    verified = _must_verify(work, purpose)
    return options.request(party=here, challenge=challenge, verified=verified, allowed=allowed)


def prove_beside(work: Work, *, purpose: Purpose, user_id: UUID, bound_to: str, answer: str) -> str:
    """Return by which method a passkey proves somebody who is known already.

    What an account has is asked for also where passkeys are no longer offered.

    Args:
        purpose: `SECOND_STEP` or `CONFIRM`.

    Raises:
        PasskeyRefused: whatever is wrong.
        UnknownPasskey: nobody has it, or not any more.
    """
    here = _party(work)
    signed = answers.signed(answer)
    challenge = signed.client_data.challenge
    taken = challenges.take(work, challenge=challenge, purpose=purpose, bound_to=bound_to)
    if taken.user_id != user_id:
        raise PasskeyRefused("account")
    known = proving.meet(work, signed)
    verified = _must_verify(work, purpose)
    proof = proving.prove(work, known, signed, purpose, here, wanted=user_id, verified=verified)
    return VERIFIED if proof.verified else HELD


def handle_of(work: Work, *, user_id: UUID) -> bytes:
    """Return by which bytes keepers of passkeys know an account; made when first asked for."""
    row = work.db.get(PasskeyOwner, user_id)
    if row is None:
        made = secrets.token_bytes(HANDLE_BYTES)
        # Of two that ask at once both get the one that was first.
        added(work.db, PasskeyOwner, user_id=user_id, handle=made, declined=False)
        row = work.db.get_one(PasskeyOwner, user_id, populate_existing=True)
    return row.handle


def has_any(db: Session, *, user_id: UUID) -> bool:
    """Whether an account has a passkey."""
    return (
        db.scalar(select(Passkey.factor_id).where(Passkey.user_id == user_id).limit(1)) is not None
    )


def count(work: Work) -> None:
    """Count a wish. Raises: Throttled: too many from this network."""
    limit = limits.NETWORK.under(work.settings(PasskeySettings))
    throttling.count(work, attempts=[(limit, network_of(work.origin.address))])


def open_party(work: Work) -> Party:
    """Return for whom passkeys are made. Raises: NotOffered: for nobody."""
    if not is_offered(work.house):
        raise NotOffered
    return _party(work)


def _party(work: Work) -> Party:
    here = party(work.house)
    if here is None:
        raise NotOffered
    return here


def _must_verify(work: Work, purpose: Purpose) -> bool:
    """Whether a passkey must verify its holder: where it stands alone, always."""
    if purpose is Purpose.SECOND_STEP:
        return work.settings(PasskeySettings).always_verified
    return True


def ids_of(db: Session, user_id: UUID) -> list[bytes]:
    """Return the credential ids of an account, those used last first."""
    found = (
        select(Passkey.credential_id, Factor.last_used_at, Factor.created_at)
        .join(Factor, Factor.id == Passkey.factor_id)
        .where(Passkey.user_id == user_id)
    )
    rows = sorted(db.execute(found), key=lambda row: row[1] or row[2], reverse=True)
    return [row[0] for row in rows]


def known_to_keepers(db: Session, *, user_id: UUID) -> tuple[str, Sequence[str]] | None:
    """Return by what keepers of passkeys know an account, and which of theirs are in use here.

    None if it never had any.
    """
    row = db.get(PasskeyOwner, user_id)
    if row is None:
        return None
    return to_text(row.handle), [to_text(each) for each in ids_of(db, user_id)]
