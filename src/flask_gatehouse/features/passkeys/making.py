"""Make passkeys: for an account, and for somebody who has none yet."""

import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from flask_gatehouse.core.house import House
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.core.text import one_line
from flask_gatehouse.db.statements import added
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.settings import MfaSettings
from flask_gatehouse.features.passkeys import (
    answers,
    ceremony,
    challenges,
    limits,
    options,
    proving,
    rules,
    service,
)
from flask_gatehouse.features.passkeys.ceremony import New
from flask_gatehouse.features.passkeys.errors import AlreadyThere, NotOffered, PasskeyRefused
from flask_gatehouse.features.passkeys.models import Passkey, PasskeyOwner
from flask_gatehouse.features.passkeys.options import Options
from flask_gatehouse.features.passkeys.rules import HANDLE_BYTES, Purpose, to_text
from flask_gatehouse.features.passkeys.settings import PasskeySettings
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.users.models import User

#: What a passkey is called by somebody who calls it nothing.
_NAMELESS: Final = "Passkey"
_LONGEST_NAME: Final = 64


@dataclass(frozen=True)
class Fresh:
    """A passkey of somebody who has no account yet."""

    new: New
    handle: bytes
    transports: str
    discoverable: bool | None


def ask_to_add(work: Work, *, user: User, bound_to: str) -> Options:
    """Return what a browser is asked for that makes a passkey for an account.

    Raises:
        NotOffered: this site takes no passkeys.
        Throttled: too many from this account.
    """
    here = service.open_party(work)
    settings = work.settings(PasskeySettings)
    throttling.count(work, attempts=[(limits.PERSON.under(settings), user.id.hex)])
    with work.reading() as db:
        has = service.ids_of(db, user.id)
    return options.creation(
        party=here,
        site=work.settings(CoreSettings).site_name,
        challenge=challenges.make(work, purpose=Purpose.ADD, bound_to=bound_to, user_id=user.id),
        handle=service.handle_of(work, user_id=user.id),
        name=user.username,
        verified=settings.always_verified,
        has=has,
    )


def made(work: Work, *, user: User, bound_to: str, answer: str) -> Fresh:
    """Return the passkey that a browser made for an account; `keep` gives it to the account.

    It must come before the first write of the work.

    Raises:
        NotOffered: this site takes no passkeys.
        PasskeyRefused: whatever is wrong.
        AlreadyThere: somebody has it.
    """
    fresh, taken = _made(work, answer, Purpose.ADD, bound_to)
    if taken.user_id != user.id:
        raise PasskeyRefused("account")
    return fresh


def keep(work: Work, *, user: User, fresh: Fresh, name: str) -> mfa.Added:
    """Give an account a passkey.

    Args:
        user: as the session found it.
        name: as typed; empty is a name of our own.

    Raises:
        AlreadyThere: somebody was faster.
        FactorNameRefused, TooManyFactors, NotAsItWas: as for any factor.
    """
    new = fresh.new
    method = service.VERIFIED if new.verified else service.HELD
    given = mfa.add(work, user=user, method=method, name=name.strip() or _NAMELESS)
    kept = added(
        work.db,
        Passkey,
        factor_id=given.factor.id,
        user_id=user.id,
        digest=proving.digest_of(new.credential_id),
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        backup_eligible=new.backup_eligible,
        backed_up=new.backed_up,
        transports=fresh.transports,
        aaguid=new.aaguid,
        discoverable=fresh.discoverable,
    )
    if not kept:
        # Somebody was faster; raising takes the factor back.
        raise AlreadyThere
    return given


def ask_to_sign_up(work: Work, *, browser: str, name: str) -> Options:
    """Return what a browser is asked for that makes a passkey for an account to come.

    Args:
        name: as typed; the keeper shows it.

    Raises:
        NotOffered: this site takes no passkeys, or none without an account.
        Throttled: too many from this network.
    """
    here = service.open_party(work)
    if not may_sign_up(work.house):
        raise NotOffered
    service.count(work)
    handle = secrets.token_bytes(HANDLE_BYTES)
    return options.creation(
        party=here,
        site=work.settings(CoreSettings).site_name,
        challenge=challenges.make(
            work, purpose=Purpose.SIGN_UP, bound_to=browser, facts={"handle": to_text(handle)}
        ),
        handle=handle,
        name=_called(name),
        # It is to be the only proof.
        verified=True,
    )


def may_sign_up(house: House) -> bool:
    """Whether an account can begin with a passkey: not where nobody can add a factor."""
    everyone = house.settings[MfaSettings].everyone
    return house.settings[PasskeySettings].register and everyone != "off"


def sign_up(work: Work, *, browser: str, answer: str) -> Fresh:
    """Return the passkey of somebody who makes an account; `keep_first` gives it to the account.

    It must come before the first write of the work.

    Raises:
        NotOffered: as for `ask_to_sign_up`.
        PasskeyRefused: whatever is wrong.
        AlreadyThere: somebody has it.
    """
    if not may_sign_up(work.house):
        raise NotOffered
    fresh, _ = _made(work, answer, Purpose.SIGN_UP, browser)
    return fresh


def keep_first(work: Work, *, user: User, fresh: Fresh) -> mfa.Added:
    """Give an account that is made in this work its first passkey. Raises: AlreadyThere."""
    work.db.add(PasskeyOwner(user_id=user.id, handle=fresh.handle, declined=False))
    work.db.flush()
    return keep(work, user=user, fresh=fresh, name="")


def id_in(answer: str) -> str | None:
    """Return the id of the passkey that an answer is of, if it can be read."""
    try:
        return to_text(answers.created(answer).credential_id)
    except PasskeyRefused:
        return None


def _made(
    work: Work, answer: str, purpose: Purpose, bound_to: str
) -> tuple[Fresh, challenges.Taken]:
    """Return a passkey that was just made, for whoever was asked. Nothing is kept yet."""
    here = service.open_party(work)
    created = answers.created(answer)
    taken = challenges.take(
        work, challenge=created.client_data.challenge, purpose=purpose, bound_to=bound_to
    )
    alone = purpose is Purpose.SIGN_UP
    new = ceremony.verify_new(
        created, party=here, verified=alone or work.settings(PasskeySettings).always_verified
    )
    proving.refuse_synced(work, new)
    with work.reading() as db:
        known = select(Passkey.factor_id).where(
            Passkey.digest == proving.digest_of(new.credential_id)
        )
        if db.scalar(known) is not None:
            raise AlreadyThere
    handle = rules.to_bytes(taken.facts.get("handle")) or b""
    return Fresh(new, handle, created.transports, created.discoverable), taken


def _called(name: str) -> str:
    return one_line(name)[:_LONGEST_NAME].strip() or _NAMELESS
