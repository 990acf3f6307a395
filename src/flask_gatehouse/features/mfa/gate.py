"""By which kinds of factors the second step can be taken in this browser, and what can be added."""

from flask import request

from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.mfa import kinds, policy, service
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
    found = {kind.ask: kind for kind in reversed(ways())}
    # Of several kinds with one page the one that is asked for first says what its link is called.
    found.pop(f"{request.endpoint}", None)
    return tuple(sorted(found.values(), key=lambda kind: kind.order))


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
