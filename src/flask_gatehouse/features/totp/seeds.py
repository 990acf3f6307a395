"""Seeds in and out of their rows: sealed for one column of one row of one owner."""

from uuid import UUID

from flask_gatehouse.core import sealing
from flask_gatehouse.core.house import House
from flask_gatehouse.features.totp.models import Totp, TotpSetUp


def sealed(house: House, seed: bytes, *, factor_id: UUID, user_id: UUID) -> str:
    """Return the seed of a factor as it is stored."""
    return sealing.seal(house.keys, seed, place=_place(factor_id, user_id))


def opened(house: House, row: Totp, *, user_id: UUID) -> bytes:
    """Return the seed of a factor of this owner. Raises: SealBroken."""
    return sealing.unseal(house.keys, row.seed, place=_place(row.factor_id, user_id))


def sealed_for_setup(house: House, seed: bytes, *, public_id: str, user_id: UUID) -> str:
    """Return the seed of a set-up as it is stored."""
    return sealing.seal(house.keys, seed, place=_setup_place(public_id, user_id))


def opened_of_setup(house: House, row: TotpSetUp) -> bytes:
    """Return the seed of a set-up. Raises: SealBroken."""
    return sealing.unseal(house.keys, row.seed, place=_setup_place(row.public_id, row.user_id))


def _place(factor_id: UUID, user_id: UUID) -> tuple[str, ...]:
    return (Totp.__tablename__, "seed", factor_id.hex, user_id.hex)


def _setup_place(public_id: str, user_id: UUID) -> tuple[str, ...]:
    return (TotpSetUp.__tablename__, "seed", public_id, user_id.hex)
