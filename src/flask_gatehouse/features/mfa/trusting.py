"""Browsers in which an account is let off its second step for a while.

What such a browser holds is worth something beside a right first factor only, for one account, in
the epoch in which it was trusted. It makes nobody fresh and raises no assurance.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Delete, delete, select, update
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.core.house import House
from flask_gatehouse.core.settings import Secret
from flask_gatehouse.db.purging import Purge
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mfa.errors import UnknownTrustedDevice
from flask_gatehouse.features.mfa.events import DeviceTrusted, TrustEnded
from flask_gatehouse.features.mfa.models import TrustedDevice
from flask_gatehouse.features.mfa.settings import MfaSettings
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User

#: Purpose of the key under which they are stored.
PURPOSE: Final = "mfa.trusted_device"


def trust(work: Work, *, user_id: UUID, instead_of: str) -> Secret | None:
    """Trust a browser for an account; return what it is given for that. None: nobody may.

    Args:
        instead_of: what it held before, which is over.
    """
    lifetime = work.settings(MfaSettings).trust_for
    if not lifetime:
        return None
    account = users.hold(work, user_id=user_id)
    if tokens.well_formed(instead_of):
        work.db.execute(_deleting(_bears(work.house, instead_of)))
    secret = tokens.new_secret()
    row = TrustedDevice(
        digest=tokens.digest(secret, work.house.keys.newest(PURPOSE).value),
        public_id=tokens.new_public_id(),
        user_id=account.id,
        epoch=account.epoch,
        created_at=work.now,
        last_used_at=None,
        expires_at=work.now + lifetime,
        address=work.origin.address,
        agent=work.origin.agent,
    )
    work.db.add(row)
    work.db.flush()
    work.record(DeviceTrusted(user_id=account.id, device=row.public_id))
    return Secret(secret)


def vouches(work: Work, *, value: str, user_id: UUID, epoch: int) -> bool:
    """Whether a browser may stand in for the second step of this account, and note that it did.

    Args:
        epoch: of the account as it is now.
    """
    lifetime = work.settings(MfaSettings).trust_for
    if not lifetime or not tokens.well_formed(value):
        return False
    mine = _bears(work.house, value) & (TrustedDevice.user_id == user_id)
    # A lifetime that was shortened since counts for those of before as well.
    good = (TrustedDevice.expires_at > work.now) & (TrustedDevice.created_at > work.now - lifetime)
    using = update(TrustedDevice).where(mine, TrustedDevice.epoch == epoch, good)
    using = using.values(last_used_at=work.now)
    return changed(work.db, using.execution_options(synchronize_session=False)) == 1


def of(db: Session, *, user: User, now: datetime, lasting: bool) -> Sequence[TrustedDevice]:
    """Return the browsers that are trusted at this moment, newest first.

    Args:
        lasting: whether trusting is allowed at all by now.
    """
    if not lasting:
        return []
    good = (TrustedDevice.epoch == user.epoch) & (TrustedDevice.expires_at > now)
    found = select(TrustedDevice).where(TrustedDevice.user_id == user.id, good)
    return db.scalars(
        found.order_by(TrustedDevice.created_at.desc(), TrustedDevice.public_id)
    ).all()


def is_here(house: House, device: TrustedDevice, value: str) -> bool:
    """Whether a browser that holds this value is the one."""
    return tokens.well_formed(value) and device.digest in house.keys.digests(PURPOSE, value)


def end(work: Work, *, user_id: UUID, device: str) -> None:
    """Trust one browser no more. Raises: UnknownTrustedDevice: the person has none so named."""
    mine = (TrustedDevice.user_id == user_id) & (TrustedDevice.public_id == device)
    if changed(work.db, _deleting(mine)) != 1:
        raise UnknownTrustedDevice
    work.record(TrustEnded(user_id=user_id))


def end_others(work: Work, *, user_id: UUID, value: str) -> None:
    """Trust no browser of an account any more but the one that holds this value."""
    others = TrustedDevice.user_id == user_id
    if tokens.well_formed(value):
        others &= ~_bears(work.house, value)
    if changed(work.db, _deleting(others)):
        work.record(TrustEnded(user_id=user_id))


def end_all(work: Work, *, user_id: UUID) -> None:
    """Trust no browser of an account any more: what is asked for there has changed."""
    end_others(work, user_id=user_id, value="")


def purge(house: House) -> Purge:
    """Return what clears away those whose time is over."""
    del house
    return Purge(TrustedDevice.digest, TrustedDevice.expires_at)


def _bears(house: House, value: str) -> ColumnElement[bool]:
    return TrustedDevice.digest.in_(list(house.keys.digests(PURPOSE, value)))


def _deleting(which: ColumnElement[bool]) -> Delete:
    return delete(TrustedDevice).where(which).execution_options(synchronize_session=False)
