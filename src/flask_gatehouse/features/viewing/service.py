"""See the site as somebody else, and stop it.

Who may is decided in the transaction, after the state of administration and both accounts are held:
what was taken away a moment ago opens nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import aliased

from flask_gatehouse.core.house import House
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.login import service as desk
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.roles.errors import NotHere, OutOfReach
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.sessions.errors import SessionOver
from flask_gatehouse.features.sessions.finding import Standing
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.viewing import rules
from flask_gatehouse.features.viewing.errors import NotInUse, ViewOver
from flask_gatehouse.features.viewing.events import ViewingBegun, ViewingEnded
from flask_gatehouse.features.viewing.models import Viewing
from flask_gatehouse.features.viewing.settings import ViewingSettings

PERMISSION: Final = "people.view_as"

_LETTER: Final = "viewed"

#: Assurance of a session in which two factors were proven.
_TWO_FACTORS: Final = 2

#: Views that are closed in one transaction.
BATCH: Final = 50

How = Literal["ended", "stopped", "over", "erased"]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A view that lasts, as lists show it."""

    view: str
    viewer: str
    seen: str
    reason: str
    began_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A session that is back, and whom it saw the site as; None if nobody can tell any more."""

    returned: desk.Returned
    seen: UUID | None


def begin(work: Work, *, standing: Standing, user_id: UUID, reason: str) -> desk.View:
    """Have whoever is signed in see the site as somebody else.

    Args:
        standing: their session; two factors were proven in it.
        reason: why, in their words; it is kept in the record.

    Raises:
        ReasonRefused: nobody looks without one.
        UnknownUser: there is no such account.
        NotHere: they may not see the site as anybody.
        OutOfReach: the other may do as much or more, or is they themselves.
        NotInUse: the other account is suspended or closed.
        SessionOver: their own session was ended meanwhile.
    """
    why = rules.reason(reason)
    if standing.user is None or standing.viewing or standing.assurance < _TWO_FACTORS:
        raise NotHere
    users.hold_administration(work)
    viewer = users.hold(work, user_id=standing.user.id)
    if viewer.epoch != standing.row.epoch:
        raise SessionOver
    user = users.hold(work, user_id=user_id)
    demand(work, by=viewer, user=user)
    lifetime = work.settings(ViewingSettings).lifetime
    opened = desk.look_as(work, standing=standing, user=user, lifetime=lifetime)
    work.db.add(
        Viewing(
            view=opened.public_id,
            sign_in_id=standing.sign_in_id,
            user_id=user.id,
            actor_id=viewer.id,
            reason=why,
            began_at=work.now,
            expires_at=opened.until,
        )
    )
    work.db.flush()
    work.record(
        ViewingBegun(user_id=user.id, reason=why, view=opened.public_id, until=opened.until)
    )
    if work.settings(ViewingSettings).letter:
        notices.notify(work, user=user, letter=_LETTER)
    return opened


def demand(work: Work, *, by: User, user: User) -> None:
    """Return if somebody may see the site as somebody else now.

    Strictly fewer rights, also for administrators: nobody borrows those of an equal.

    Raises:
        NotHere, OutOfReach, NotInUse: as for `begin`.
    """
    mine = roles.demand(work, by=by, permission=PERMISSION)
    if not user.active:
        raise NotInUse
    theirs = roles.weighed(work.house, roles.granted(work.db, user=user, now=work.now))
    if by.id == user.id or not mine.is_above(theirs):
        raise OutOfReach


def may_go_on(house: House, db: DbSession, *, viewer: User, user: User, now: datetime) -> bool:
    """Whether somebody who sees the site as somebody else still may."""
    mine = roles.weighed(house, roles.granted(db, user=viewer, now=now))
    theirs = roles.weighed(house, roles.granted(db, user=user, now=now))
    may = mine.everything or PERMISSION in mine.permissions
    return may and mine.is_above(theirs)


def end(work: Work, *, view: str | None, aside: str | None) -> Ended:
    """End a view, and bring back the session of whoever looked, under a new handle.

    Args:
        view: the cookie by which they see the site as somebody else; it may be over.
        aside: the cookie that was given with it.

    Raises:
        ViewOver: there is nothing to come back to, or somebody else was first.
    """
    try:
        returned = desk.look_no_more(work, view=view, aside=aside)
    except SessionOver as error:
        raise ViewOver from error
    work.origin = replace(work.origin, actor_id=returned.user_id)
    seen = None
    for row in _of(work, returned):
        seen = row.user_id
        _close(work, row, how="ended")
    return Ended(returned=returned, seen=seen)


def stop(work: Work, *, user: User | None = None) -> int:
    """End views at once; return how many. Whoever looked has their own session back if they ask.

    Args:
        user: only those of this account, on whichever side; None ends all.
    """
    wanted = select(Viewing)
    if user is not None:
        wanted = wanted.where(or_(Viewing.user_id == user.id, Viewing.actor_id == user.id))
    rows = work.db.scalars(wanted.order_by(Viewing.view)).all()
    return sum(_close(work, row, how="stopped") for row in rows)


def close_over(work: Work) -> int:
    """Write down which views are over by themselves; return how many."""
    rows = work.db.scalars(select(Viewing).order_by(Viewing.began_at).limit(BATCH)).all()
    if not rows:
        return 0
    stand = sessions.views_that_stand(work.db, among=[row.view for row in rows], now=work.now)
    over = [row for row in rows if row.view not in stand or row.expires_at <= work.now]
    return sum(_close(work, row, how="over") for row in over)


def lasting(db: DbSession, *, now: datetime) -> list[Shown]:
    """Return who sees the site as whom now, the newest first."""
    viewer, seen = aliased(User), aliased(User)
    found = select(Viewing, viewer.username, seen.username)
    found = found.join(viewer, viewer.id == Viewing.actor_id)
    found = found.join(seen, seen.id == Viewing.user_id).where(Viewing.expires_at > now)
    rows = db.execute(found.order_by(Viewing.began_at.desc(), Viewing.view)).all()
    stand = sessions.views_that_stand(db, among=[row[0].view for row in rows], now=now)
    return [
        Shown(
            view=row.view,
            viewer=who,
            seen=whom,
            reason=row.reason,
            began_at=row.began_at,
            expires_at=row.expires_at,
        )
        for row, who, whom in rows
        if row.view in stand
    ]


def forget(work: Work, *, user_id: UUID) -> None:
    """End every view of an account that is erased, on whichever side."""
    either = or_(Viewing.user_id == user_id, Viewing.actor_id == user_id)
    for row in work.db.scalars(select(Viewing).where(either).order_by(Viewing.view)).all():
        _close(work, row, how="erased")


def _of(work: Work, returned: desk.Returned) -> Sequence[Viewing]:
    own = select(Viewing).where(Viewing.actor_id == returned.user_id)
    return work.db.scalars(own.where(Viewing.sign_in_id == returned.sign_in_id)).all()


def _close(work: Work, row: Viewing, *, how: How) -> int:
    """Delete a view, and write it down if nobody else did; return how many that were."""
    told = ViewingEnded(
        user_id=row.user_id,
        viewer=str(row.actor_id),
        # Of whoever is erased nothing new is written down that somebody said about them.
        reason="" if how == "erased" else row.reason,
        view=row.view,
        how=how,
    )
    sessions.end_view(work, public_id=row.view)
    gone = delete(Viewing).where(Viewing.view == row.view)
    if changed(work.db, gone.execution_options(synchronize_session=False)) != 1:
        return 0
    work.db.expunge(row)
    work.record(told)
    return 1
