"""Change several people: first say who would be touched, then do it to exactly these.

Nobody is touched who was not on the list that was looked at, and each one is decided again, in a
transaction of their own, by the same function that changes one person.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.people import service
from flask_gatehouse.features.people.errors import (
    AddressNeeded,
    ListChanged,
    NobodyChosen,
    NotSuspended,
    TooMany,
)
from flask_gatehouse.features.people.service import LinkOf
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.roles.errors import AlreadyOver, HasNoRole, NotHere, OutOfReach
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rights import Granted

#: People who are changed at once.
MOST: Final = 1000

_PURPOSE: Final = "people.several"

#: What may be done, as the button says it.
ACTIONS: Final[Mapping[str, str]] = {
    "suspend": "Suspend",
    "restore": "Restore",
    "end_sessions": "End sessions",
    "send_way_back": "Send a way back",
    "give_role": "Give a role",
    "take_role": "Take a role",
    "erase": "Delete",
}

#: What has to be permitted for it.
NEEDS: Final[Mapping[str, str]] = {
    "suspend": service.SUSPEND,
    "restore": service.SUSPEND,
    "end_sessions": service.SUSPEND,
    "send_way_back": service.RECOVER,
    "give_role": "roles.grant",
    "take_role": "roles.grant",
    "erase": service.DELETE,
}

#: What may be over by itself.
_LASTING: Final = frozenset({"suspend", "give_role"})


@dataclass(frozen=True)
class Plan:
    """What is to be done to whom."""

    action: str
    user_ids: tuple[UUID, ...]
    role: str = ""
    reason: str = ""
    #: When a suspension, or having the role, is over by itself.
    until: datetime | None = None

    def seal(self, house: House, *, by: User) -> str:
        """Return what proves that this plan was shown to this person."""
        return _seal(self, house.keys.newest(_PURPOSE).value, by)

    def must_be(self, house: House, *, by: User, seal: str) -> None:
        """Return if this is the plan that was shown. Raises: ListChanged."""
        good = (_seal(self, key.value, by) for key in house.keys.keys(_PURPOSE))
        if not any(tokens.same(each, seal) for each in good):
            raise ListChanged


@dataclass(frozen=True)
class Foreseen:
    """One person of a plan."""

    user_id: UUID
    username: str
    #: Why they would not be touched; None if they would.
    refusal: Refusal | None


def _seal(plan: Plan, key: bytes, by: User) -> str:
    # As JSON, in which no two plans are spelled alike, whatever somebody types as a reason.
    said = [
        by.id.hex,
        plan.action,
        plan.role,
        plan.reason,
        plan.until.isoformat() if plan.until is not None else None,
        *(each.hex for each in plan.user_ids),
    ]
    return tokens.digest(json.dumps(said), key).hex()


def made(
    *,
    action: str,
    user_ids: Sequence[UUID],
    role: str = "",
    reason: str = "",
    until: datetime | None = None,
) -> Plan:
    """Return a plan. Raises: NobodyChosen, TooMany, ListChanged: there is no such action."""
    if action not in ACTIONS:
        raise ListChanged
    if not user_ids:
        raise NobodyChosen
    if len(user_ids) > MOST:
        raise TooMany(most=MOST)
    lasting = until if action in _LASTING else None
    return Plan(action, tuple(dict.fromkeys(user_ids)), role, reason, lasting)


def foresee(work: Work, db: Session, plan: Plan, *, by: User) -> list[Foreseen]:
    """Return who would be touched, by what is so at this moment; who is gone is left out.

    Raises:
        SuspensionRefused, AlreadyOver: that end has passed, or the reason is too long, for all.
    """
    if plan.action == "suspend":
        users.fitting_reason(plan.reason, until=plan.until, now=work.now)
    elif plan.until is not None and plan.until <= work.now:
        raise AlreadyOver
    mine = roles.weighed(work.house, roles.granted(db, user=by, now=work.now))
    found = {each.id: each for each in db.scalars(select(User).where(User.id.in_(plan.user_ids)))}
    return [
        Foreseen(user.id, user.username, _refusal(work, db, plan, user, mine=mine, by=by))
        for user in (found.get(each) for each in plan.user_ids)
        if user is not None
    ]


def _refusal(
    work: Work, db: Session, plan: Plan, user: User, *, mine: Granted, by: User
) -> Refusal | None:
    if not mine.everything and NEEDS[plan.action] not in mine.permissions:
        return NotHere()
    # As high as if it were in use: it may be again.
    theirs = roles.weighed(work.house, roles.if_used(db, user=user, now=work.now))
    if user.id == by.id or not mine.may_act_on(theirs):
        return OutOfReach()
    if plan.action == "restore" and user.active:
        return NotSuspended()
    if plan.action == "send_way_back" and not user.email:
        return AddressNeeded()
    if plan.action == "take_role":
        has = {each.name for each in roles.given(db, user_id=user.id, now=work.now)}
        return None if plan.role in has else HasNoRole()
    return None


def act(plan: Plan, *, by: User, link_of: LinkOf) -> Callable[[Work, UUID], None]:
    """Return what changes one person of a plan; each is refused by itself."""

    def _one(work: Work, user_id: UUID) -> None:
        match plan.action:
            case "suspend":
                service.suspend(work, user_id=user_id, reason=plan.reason, until=plan.until, by=by)
            case "restore":
                service.restore(work, user_id=user_id, by=by)
            case "end_sessions":
                service.end_sessions(work, user_id=user_id, by=by)
            case "send_way_back":
                service.send_way_back(work, user_id=user_id, by=by, link_of=link_of)
            case "give_role":
                service.give_role(work, user_id=user_id, role=plan.role, until=plan.until, by=by)
            case "take_role":
                service.take_role(work, user_id=user_id, role=plan.role, by=by)
            case _:
                service.erase(work, user_id=user_id, typed=None, by=by)

    return _one
