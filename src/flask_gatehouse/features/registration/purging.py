"""Erase accounts whose address nobody proved in time."""

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, or_, select

from flask_gatehouse.core.errors import Unavailable
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
        """Begin with whoever waits for longest."""
        del house
        #: Up to whom this round has come, so that those who cannot be erased hold up nobody else.
        self._past: tuple[datetime, UUID] | None = None

    def do(self, works: Works) -> bool:
        """Erase some; an account that was taken in meanwhile only stops waiting."""
        when, who = Registration.expires_at, Registration.user_id
        due = select(when, who).where(when <= works.house.clock.now())
        if self._past is not None:
            at, user_id = self._past
            due = due.where(or_(when > at, (when == at) & (who > user_id)))
        with works.reading() as db:
            found = db.execute(due.order_by(when, who).limit(_BATCH)).all()
        for row in found:
            _take(works, row.user_id)
        more = len(found) == _BATCH
        self._past = (found[-1].expires_at, found[-1].user_id) if more else None
        return more


def _take(works: Works, user_id: UUID) -> None:
    try:
        with works.begin(_ORIGIN, joined=False) as work:
            _lapse(work, user_id)
    except UnknownUser:
        _log.info("account %s was erased by another process", user_id)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - whatever a host may raise
        # A host keeps something of it that cannot be erased: it is tried again at the next turn.
        _log.exception("account %s could not be erased", user_id)


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
