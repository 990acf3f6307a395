"""Of whom a factor is asked, and until when they are let in without one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.db.statements import added
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.mfa import kinds, rules
from flask_gatehouse.features.mfa.models import Factor, RequiredSince
from flask_gatehouse.features.mfa.settings import MfaSettings, Policy
from flask_gatehouse.features.sessions.finding import Standing
from flask_gatehouse.features.users import rights
from flask_gatehouse.features.users.models import User

_ORIGIN = Origin(channel="worker")


@dataclass(frozen=True, kw_only=True)
class Census:
    """How many accounts that are in use have a factor that counts, and how many have none."""

    people_with: int
    people_without: int
    administrators_with: int
    administrators_without: int


def asked_of(house: House, user: User) -> Policy:
    """Return what is asked of somebody.

    Whoever has any permission of the console is asked for as much as administrators.
    """
    settings = house.settings[MfaSettings]
    plain, strict = (settings.asked_of(administrator=each) for each in (False, True))
    if plain == strict or user.is_admin:
        return strict
    # Read as it is committed, and only where it makes a difference.
    granted = rights.current().granted(user)
    of_console = house.part(Permissions).of_console
    return plain if of_console.isdisjoint(granted.permissions) else strict


def may_add(house: House, user: User) -> bool:
    """Whether somebody can add a factor at all."""
    return asked_of(house, user) != "off"


def keeps_one(house: House, user: User) -> bool:
    """Whether somebody who has a factor must keep one."""
    return asked_of(house, user) in {"once-enrolled", "required"}


def deadline(work: Work, *, user: User) -> datetime | None:
    """Return until when somebody may do without a factor; None if none is required of them.

    The first who asks begins the time, in one statement: of several at once all get the same.
    """
    if not work.settings(MfaSettings).may_require or asked_of(work.house, user) != "required":
        return None
    added(work.db, RequiredSince, user_id=user.id, required_since=work.now)
    since = work.db.scalars(_since(user.id)).one()
    return since + work.settings(MfaSettings).grace


def until(works: Works, db: Session, *, user: User) -> datetime | None:
    """Return the same without beginning the time; None as well for whoever has a factor."""
    house = works.house
    if not house.settings[MfaSettings].may_require or asked_of(house, user) != "required":
        return None
    if _has_factor(house, db, user.id):
        return None
    since = db.scalars(_since(user.id)).one_or_none()
    return None if since is None else since + house.settings[MfaSettings].grace


def stands(works: Works, standing: Standing) -> bool:
    """Whether an open session may go on under the policy. Source: OWASP ASVS 5.0 6.3.3.

    One in which two steps were proven may. Any other may until the time is over, whatever the
    account has by then: its owner signs in once more, by what they have or by setting it up.
    Whoever only sees the site as its owner has proved two as themselves.
    """
    user = standing.user
    if user is None or standing.viewing or rules.is_two_step(standing.methods):
        return True
    if asked_of(works.house, user) != "required":
        return True
    with works.reading() as db:
        since = db.scalars(_since(user.id)).one_or_none()
    if since is None:
        with works.begin(_ORIGIN, joined=False) as work:
            ends = deadline(work, user=user)
    else:
        ends = since + works.house.settings[MfaSettings].grace
    return ends is None or ends > standing.at


def census(house: House, db: Session) -> Census:
    """Count accounts that are in use, by whether they have a factor that counts."""
    counted = {
        (administrators, has): db.scalar(
            select(func.count())
            .select_from(User)
            .where(User.active, User.is_admin.is_(administrators), enrolled(house, has=has))
        )
        or 0
        for administrators in (False, True)
        for has in (False, True)
    }
    return Census(
        people_with=counted[False, True],
        people_without=counted[False, False],
        administrators_with=counted[True, True],
        administrators_without=counted[True, False],
    )


def enrolled(house: House, *, has: bool) -> ColumnElement[bool]:
    """Return what holds for an account that has a factor that counts, or that has none."""
    own = (Factor.user_id == User.id) & Factor.method.in_(_counting(house))
    found = select(Factor.id).where(own).exists()
    return found if has else ~found


def those_with(house: House, user_ids: Sequence[UUID]) -> Select[UUID]:
    """Return the question for those of these accounts that have a factor that counts."""
    counting = Factor.method.in_(_counting(house))
    return select(Factor.user_id).where(Factor.user_id.in_(user_ids), counting).distinct()


def _has_factor(house: House, db: Session, user_id: UUID) -> bool:
    own = (Factor.user_id == user_id) & Factor.method.in_(_counting(house))
    return db.scalar(select(Factor.id).where(own).limit(1)) is not None


def _counting(house: House) -> Sequence[str]:
    return sorted(kinds.those_that_count(house))


def _since(user_id: UUID) -> Select[datetime]:
    return select(RequiredSince.required_since).where(RequiredSince.user_id == user_id)
