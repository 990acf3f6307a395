"""Ask somebody once whether they want a passkey, and never again if they do not."""

from uuid import UUID

from sqlalchemy import update

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mfa import policy
from flask_gatehouse.features.passkeys import service
from flask_gatehouse.features.passkeys.models import PasskeyOwner
from flask_gatehouse.features.passkeys.settings import PasskeySettings
from flask_gatehouse.features.sessions.finding import Standing


def is_due(work: Work, *, standing: Standing) -> bool:
    """Return whether a passkey is offered in this sign-in. Looking changes nothing.

    Only to somebody who signed in by password just now: in a session that a browser remembers, or
    that another way in opened, nobody is asked for more.
    """
    user = standing.user
    if not _may_ask(work) or user is None or not standing.fresh:
        return False
    if not policy.may_add(work.house, user):
        return False
    if "password" not in standing.methods:
        return False
    with work.reading() as db:
        row = db.get(PasskeyOwner, user.id)
        if row is not None and (row.declined or row.offered_in not in {None, standing.sign_in_id}):
            return False
        return not service.has_any(db, user_id=user.id)


def note(work: Work, *, user_id: UUID, sign_in_id: str) -> None:
    """Write down that a passkey was offered in this sign-in, so that it is in no other one."""
    service.handle_of(work, user_id=user_id)
    mine = (PasskeyOwner.user_id == user_id) & PasskeyOwner.offered_in.is_(None)
    noted = update(PasskeyOwner).where(mine).values(offered_in=sign_in_id)
    work.db.execute(noted.execution_options(synchronize_session=False))


def decline(work: Work, *, user_id: UUID) -> None:
    """Offer it no more."""
    service.handle_of(work, user_id=user_id)
    no_more = update(PasskeyOwner).where(PasskeyOwner.user_id == user_id).values(declined=True)
    work.db.execute(no_more.execution_options(synchronize_session=False))


def _may_ask(work: Work) -> bool:
    return work.settings(PasskeySettings).offer and service.is_offered(work.house)
