"""Tell a person all that is kept of them."""

import json
from datetime import datetime
from uuid import UUID

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.leaving.events import DataTaken
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.belongings import Belongings


def copy(work: Work, *, user_id: UUID) -> str:
    """Return all that is kept of a person, as JSON, and write down that it was taken.

    JSON, and no table: a program that opens tables may run what a name begins with.

    Raises:
        UnknownUser: there is no such account.
    """
    users.by_id(work.db, user_id)
    told = {
        each.name: each.tell(work.db, user_id)
        for each in sorted(work.house.plugs(Belongings), key=lambda each: each.name)
    }
    work.record(DataTaken(user_id=user_id))
    taken = {"taken_at": work.now, **told}
    return json.dumps(taken, default=_plain, ensure_ascii=False, indent=2) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
