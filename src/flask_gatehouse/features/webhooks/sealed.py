"""Secrets in and out of their rows: sealed for one column of one row."""

from contextlib import suppress
from uuid import UUID

from flask_gatehouse.core import sealing
from flask_gatehouse.core.house import House
from flask_gatehouse.core.sealing import SealBroken
from flask_gatehouse.features.webhooks.models import Webhook


def sealed(house: House, secret: str, *, webhook_id: UUID) -> str:
    """Return a secret as it is stored."""
    return sealing.seal(house.keys, secret.encode(), place=_place(webhook_id))


def opened(house: House, stored: str, *, webhook_id: UUID) -> str:
    """Return a secret. Raises: SealBroken."""
    return sealing.unseal(house.keys, stored, place=_place(webhook_id)).decode()


def in_force(house: House, row: Webhook) -> list[str]:
    """Return the secrets that sign at this moment, the newest first.

    A former one that cannot be opened is left out: it may have been replaced because of that.

    Raises:
        SealBroken: the newest cannot be opened.
    """
    found = [opened(house, row.secret, webhook_id=row.id)]
    if row.former_secret and row.former_until and row.former_until > house.clock.now():
        with suppress(SealBroken):
            found.append(opened(house, row.former_secret, webhook_id=row.id))
    return found


def _place(webhook_id: UUID) -> tuple[str, ...]:
    return (Webhook.__tablename__, "secret", str(webhook_id))
