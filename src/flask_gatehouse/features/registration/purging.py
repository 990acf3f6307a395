"""Erase accounts whose address nobody proved in time."""

import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select

from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.registration.events import RegistrationLapsed
from flask_gatehouse.features.registration.models import Registration
from flask_gatehouse.features.registration.rules import is_waiting
from flask_gatehouse.features.users import names
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import UnknownUser
from flask_gatehouse.features.users.rules import canonical_name

_log = logging.getLogger("gatehouse")

_ORIGIN: Final = Origin(channel="worker")

#: Accounts that are erased in one turn, each in a transaction of its own.
_BATCH: Final = 20


class Lapsing(Chore):
    """Erases new accounts that waited in vain."""

    every = timedelta(hours=1)

    def __init__(self, house: House) -> None:
        """Keep nothing: what is due stands in the table."""
        del house

    def do(self, works: Works) -> bool:
        """Erase some; an account that was taken in meanwhile only stops waiting."""
        over = Registration.expires_at <= works.house.clock.now()
        due = select(Registration.user_id).where(over).order_by(Registration.expires_at)
        with works.reading() as db:
            found = db.scalars(due.limit(_BATCH)).all()
        for user_id in found:
            try:
                with works.begin(_ORIGIN, joined=False) as work:
                    _lapse(work, user_id)
            except UnknownUser:
                _log.info("account %s was erased by another process", user_id)
        return len(found) == _BATCH


def _lapse(work: Work, user_id: UUID) -> None:
    users.hold_for_erasing(work, user_id=user_id)
    over = (Registration.user_id == user_id) & (Registration.expires_at <= work.now)
    gone = delete(Registration).where(over)
    if changed(work.db, gone.execution_options(synchronize_session=False)) != 1:
        return  # Proven, or erased, by somebody else.
    user = users.by_id(work.db, user_id)
    if is_waiting(user):
        canonical = canonical_name(user.username)
        work.record(RegistrationLapsed(user_id=user_id))
        users.erase(work, user_id=user_id)
        # Nobody used it yet, and whoever makes accounts in vain must not use names up.
        names.release(work, canonical=canonical)
