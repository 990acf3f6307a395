"""Find accounts that nobody uses; warn their owners once, and later put the accounts aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, exists, literal, or_, select
from sqlalchemy.orm import Session, aliased

from flask_gatehouse.db.base import UtcDateTime
from flask_gatehouse.db.statements import added
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.idle_accounts.events import IdleWarned
from flask_gatehouse.features.idle_accounts.models import IdleWarning
from flask_gatehouse.features.idle_accounts.settings import IdleAccountSettings
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import NotAsItWas
from flask_gatehouse.features.users.models import User

_LETTER = "idle_warning"

#: When the owner of an account was warned.
_WARNED_AT = cast("ColumnElement[datetime]", IdleWarning.at)


@dataclass(frozen=True)
class Due:
    """One account, and what is to be done about it."""

    user_id: UUID
    username: str
    step: Literal["warn", "deactivate"]


def due(
    db: Session, *, settings: IdleAccountSettings, now: datetime, most: int, past: UUID | None
) -> Sequence[Due]:
    """Return what is to be done at this moment, in the order of the ids. Nothing if it is off.

    Args:
        most: how many accounts are looked for.
        past: only accounts after this one.
    """
    if settings.after is None:
        return []
    to_warn, to_deactivate = _to_warn(settings, now), _to_deactivate(settings, now)
    step = case((to_deactivate, "deactivate"), else_="warn")
    found = select(User.id, User.username, step).where(_may_go(), or_(to_warn, to_deactivate))
    found = found.order_by(User.id)
    if past is not None:
        found = found.where(User.id > past)
    return [Due(*row) for row in db.execute(found.limit(most))]


def warn(work: Work, *, user_id: UUID, login: str) -> None:
    """Write to the owner of an idle account that it will be put aside.

    Of several at once one writes; without an address nobody does, and the time runs all the same.

    Args:
        login: the address of the page where one logs in, for the letter.

    Raises:
        NotAsItWas: somebody else was first, or the account was used meanwhile.
    """
    settings = work.settings(IdleAccountSettings)
    users.hold(work, user_id=user_id)
    idle = select(User.id).where(User.id == user_id, _may_go(), _to_warn(settings, work.now))
    if work.db.scalar(idle) is None:
        raise NotAsItWas
    # A warning that is there was answered by using the account: it says nothing any more.
    unanswered = exists().where(User.id == IdleWarning.user_id, _unused_since(_WARNED_AT))
    answered = delete(IdleWarning).where(IdleWarning.user_id == user_id, ~unanswered)
    work.db.execute(answered.execution_options(synchronize_session=False))
    if not added(work.db, IdleWarning, user_id=user_id, at=work.now):
        raise NotAsItWas
    account = users.by_id(work.db, user_id)
    until = work.now + settings.warning
    notices.notify(
        work, user=account, letter=_LETTER, link=login, until=f"{until:%Y-%m-%d %H:%M} UTC"
    )
    work.record(IdleWarned(user_id=user_id))


def deactivate(work: Work, *, user_id: UUID) -> None:
    """Put an idle account aside, whose owner was warned for long enough.

    Raises:
        LastAdministrator: nobody else could administer the site.
        NotAsItWas: somebody else was first, or the account was used meanwhile.
    """
    settings = work.settings(IdleAccountSettings)
    only_if = _to_deactivate(settings, work.now)
    users.deactivate(work, user_id=user_id, only_if=only_if, idle=True)
    sessions.end_all(work, user_id=user_id)


def _to_warn(settings: IdleAccountSettings, now: datetime) -> ColumnElement[bool]:
    if settings.after is None:
        raise NotAsItWas
    return _unused_since(_at(now - settings.after + settings.warning)) & ~_warned(before=now)


def _to_deactivate(settings: IdleAccountSettings, now: datetime) -> ColumnElement[bool]:
    if settings.after is None:
        raise NotAsItWas
    return _unused_since(_at(now - settings.after)) & _warned(before=now - settings.warning)


def _may_go() -> ColumnElement[bool]:
    """Return the condition that an account is in use, and others could administer the site."""
    other = aliased(User)
    others = exists().where(other.is_admin, other.active, other.id != User.id)
    return User.active & (User.is_admin.is_(False) | others)


def _warned(*, before: datetime) -> ColumnElement[bool]:
    """Return the condition that the owner was warned, and nobody used the account since."""
    mine = IdleWarning.user_id == User.id
    return exists().where(mine, IdleWarning.at <= before, _unused_since(_WARNED_AT))


def _unused_since(at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition that nobody signed in, and nobody changed the account, since then."""
    return (User.updated_at < at) & (User.signed_in_at.is_(None) | (User.signed_in_at < at))


def _at(moment: datetime) -> ColumnElement[datetime]:
    return literal(moment, UtcDateTime)
