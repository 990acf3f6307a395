"""Forget what the record holds of a person whose account is erased; the rest still verifies.

Id, time and event stay, and the chain with them; network address, browser, id of the request and
facts go, the keyed hash of what was typed as a name among them.
"""

from uuid import UUID

from sqlalchemy import or_, update

from flask_gatehouse.db import patience
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.audit import chain, rules
from flask_gatehouse.features.audit.reading import RECORD


def forget(work: Work, *, user_id: UUID) -> None:
    """Empty what is personal in the rows about an account, in one statement.

    What somebody else did to the account stays: it is about them as well. So do rows from before
    anything could be forgotten, whose hash covers it, until they are pruned.
    """
    proof = rules.forgotten_by(work.house.keys.newest(rules.PURPOSE), user_id)
    own = or_(RECORD.c.actor_id.is_(None), RECORD.c.actor_id == user_id)
    can_be = or_(RECORD.c.personal.is_not(None), RECORD.c.lane.is_(None))
    emptied = update(RECORD).where(RECORD.c.user_id == user_id, own, can_be)
    db = chain.connection(work)
    # One statement for all of them: of an account that strangers tried there may be many.
    with patience.lifted(db):
        db.execute(emptied.values(**rules.FORGOTTEN, salt=proof))
