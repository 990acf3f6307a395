"""What browsers are asked to sign: random, for one purpose, in one browser, for one answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, select

from flask_gatehouse.core import tokens
from flask_gatehouse.db.statements import changed, write
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.passkeys.errors import PasskeyRefused
from flask_gatehouse.features.passkeys.models import PasskeyChallenge
from flask_gatehouse.features.passkeys.rules import LIFETIME, Purpose

#: Purpose of the key under which they are stored.
_KEY: Final = "passkeys.challenge"


# Written once: a sign-in by passkey takes less time than putting its statements together.
_challenges: Final = cast("Table", PasskeyChallenge.__table__)
_MINE: Final = _challenges.c.digest.in_(bindparam("digests", expanding=True))
_FIND: Final = select(_challenges).where(_MINE)
_TAKE: Final = delete(_challenges).where(_MINE)


@dataclass(frozen=True)
class Taken:
    """What was brought back, and is good no more."""

    user_id: UUID | None
    facts: Mapping[str, Any]


def make(
    work: Work,
    *,
    purpose: Purpose,
    bound_to: str,
    user_id: UUID | None = None,
    facts: Mapping[str, object] | None = None,
) -> str:
    """Return a new challenge, as a browser is given it.

    Args:
        bound_to: names the session, the pending sign-in or the browser that is asked.
        user_id: whose passkey is wanted, if it is known.
        facts: plain data that the purpose needs later.

    Source: W3C Web Authentication Level 3, 13.4.3: at least 16 random bytes; here 32.
    """
    challenge = tokens.new_secret()
    write(
        work.db,
        PasskeyChallenge(
            digest=tokens.digest(challenge, work.house.keys.newest(_KEY).value),
            purpose=purpose,
            user_id=user_id,
            bound_to=_written(bound_to),
            facts=dict(facts or {}),
            expires_at=work.now + LIFETIME,
        ),
    )
    return challenge


def take(work: Work, *, challenge: str, purpose: Purpose, bound_to: str) -> Taken:
    """Use a challenge up, and return what was asked with it. Of two at once one gets it.

    It is gone from here on whatever comes, also if it was made for something else. It must come
    before the first write of the work, because it is taken apart.

    Raises:
        PasskeyRefused: never was, used, expired, for another purpose, or of another browser.
    """
    mine = {"digests": list(work.house.keys.digests(_KEY, challenge))}
    with work.apart() as own:
        # Rows are never changed: of what is read here one can delete, and has what it says.
        row = own.db.execute(_FIND, mine).one_or_none()
        taken = changed(own.db, _TAKE, mine)
    if row is None or taken != 1 or row.expires_at <= work.now:
        raise PasskeyRefused("challenge")
    if row.purpose != purpose:
        raise PasskeyRefused("purpose")
    if not tokens.same(row.bound_to, _written(bound_to)):
        raise PasskeyRefused("browser")
    return Taken(row.user_id, dict(row.facts))


def _written(bound_to: str) -> str:
    """Return what stands for a browser in the table: its cookie is in no row."""
    return tokens.digest(bound_to, b"passkeys.bound_to").hex()
