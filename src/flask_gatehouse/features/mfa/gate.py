"""By which kinds of factors the second step can be taken in this browser, and what can be added."""

from datetime import datetime

from flask import request

from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.mfa import kinds, policy, service, trust
from flask_gatehouse.features.mfa.kinds import FactorKind
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web.work import house, works


def ways() -> tuple[FactorKind, ...]:
    """Return the kinds that the person at the gate has, the one to ask for first at first."""
    pending = doorkeeper.current().pending()
    if pending is None:
        return ()
    with works().reading() as db:
        return kinds.of(house(), service.methods_of(db, user_id=pending.user_id))


def other_ways() -> tuple[FactorKind, ...]:
    """Return those of them whose page this is not."""
    return tuple(kind for kind in ways() if kind.ask != f"{request.endpoint}")


def trust_days() -> int:
    """Return for how many days this browser may be let off the step; 0 if it may not be.

    Whoever confirms that it is still them is always asked.
    """
    pending = doorkeeper.current().pending()
    return trust.days() if pending is not None and pending.wish.confirms is None else 0


def offered(user: User) -> tuple[FactorKind, ...]:
    """Return the kinds of which somebody can add one."""
    if not policy.may_add(house(), user):
        return ()
    return tuple(kind for kind in kinds.all_of(house()) if kind.add and kind.is_offered(house()))


def is_listed() -> bool:
    """Whether *Your account* leads whoever asks to the list of factors."""
    user = doorkeeper.current().account()
    if user is None:
        return False
    if policy.may_add(house(), user):
        return True
    with works().reading() as db:
        return bool(service.methods_of(db, user_id=user.id))


def grace() -> datetime | None:
    """Return until when whoever asks may do without a factor that is required of them."""
    user = doorkeeper.current().account()
    if user is None:
        return None
    with works().reading() as db:
        return policy.until(works(), db, user=user)
