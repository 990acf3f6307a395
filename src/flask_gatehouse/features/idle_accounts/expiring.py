"""Do what is due about idle accounts, in the upkeep and on the command line."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.idle_accounts import service
from flask_gatehouse.features.idle_accounts.service import Due
from flask_gatehouse.features.idle_accounts.settings import IdleAccountSettings
from flask_gatehouse.web.links import login_page

_log = logging.getLogger("gatehouse")

_ORIGIN: Final = Origin(channel="worker")

#: Accounts in one turn, each in a transaction of its own.
_BATCH: Final = 20

#: Accounts that are looked for at once.
_PAGE: Final = 500


class Expiring(Chore):
    """Warns the owners of idle accounts, and puts accounts aside whose owners were warned."""

    every = timedelta(hours=6)

    def __init__(self, house: House) -> None:
        """Keep nothing: what is due stands in the tables."""
        del house

    def do(self, works: Works) -> bool:
        """Do some of what is due."""
        found = _due(works, most=_BATCH, past=None)
        done = [take(works, _ORIGIN, each) for each in found]
        # What could not be done is tried again at the next turn, not at once.
        return all(done) and len(done) == _BATCH


def all_due(works: Works) -> Iterator[Due]:
    """Yield everything that is due at this moment; nothing is locked or held open meanwhile."""
    past: UUID | None = None
    while page := _due(works, most=_PAGE, past=past):
        yield from page
        past = page[-1].user_id


def take(works: Works, origin: Origin, each: Due) -> bool:
    """Do what is due about one account, and return whether it was done by us."""
    try:
        with works.begin(origin, joined=False) as work:
            if each.step == "warn":
                service.warn(work, user_id=each.user_id, login=login_page(works.house))
            else:
                service.deactivate(work, user_id=each.user_id)
    except Refusal as refusal:
        # Used meanwhile, done by another process, or erased: no reason to stop at it.
        _log.info("idle account %s was left alone: %s", each.user_id, refusal.code)
        return False
    return True


def _due(works: Works, *, most: int, past: UUID | None) -> list[Due]:
    house = works.house
    settings = house.settings[IdleAccountSettings]
    with works.reading() as db:
        return list(service.due(db, settings=settings, now=house.clock.now(), most=most, past=past))
