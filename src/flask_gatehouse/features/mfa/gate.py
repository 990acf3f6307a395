"""By which kinds of factors the second step can be taken in this browser."""

from flask import request

from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.mfa import kinds, service
from flask_gatehouse.features.mfa.kinds import FactorKind
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
