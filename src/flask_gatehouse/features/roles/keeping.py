"""The methods `can` and `has_role` of the user model."""

from typing import Any, Final

from flask import has_request_context

from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.roles import finding
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rights import KEPT, NOTHING, Granted, RightsKeeper
from flask_gatehouse.web.entrance import ConsoleRules
from flask_gatehouse.web.work import address, held

#: Where the same account keeps what it was found to have.
_FOUND: Final = f"{KEPT}_found"


class Keeper(RightsKeeper):
    """Reads what an account may do; once for each look at a session."""

    def __init__(self, works: Works) -> None:
        """Args: works: where to read."""
        self._works = works
        self._permissions = works.house.part(Permissions)
        self._rules = works.house.plugs(ConsoleRules)

    def granted(self, user: User) -> Granted:
        """Return what an account may do."""
        if KEPT in user.__dict__:
            kept: Granted = user.__dict__[_FOUND]
            return kept
        found = finding.granted(self._works, user)
        standing = _standing()
        if standing is not None and standing.user is user:
            closed = self._closed_to(user)
            user.__dict__[_FOUND] = found
            user.__dict__[KEPT] = {
                name: found.allows(name) and name not in closed for name in self._permissions.names
            }
        return found

    def can(self, user: User, permission: str, thing: object) -> bool:
        """Return whether an account may do something. See `User.can`."""
        self._permissions.must_know(permission)
        allowed = self.granted(user).allows(permission) and permission not in self._closed_to(user)
        if thing is NOTHING:
            return allowed
        rule = self._permissions.rule(permission)
        return user.active and rule(user, thing, allowed) is True

    def _closed_to(self, user: User) -> frozenset[str]:
        """Return what whoever asks in this request may not use, although they may do it.

        Nothing of the console from elsewhere than the settings say, nor by looking at the site as
        somebody who may. Of anybody else it is told what they may do.
        """
        standing = _standing()
        if standing is None or standing.user is None or standing.user.id != user.id:
            return frozenset()
        open_to = not standing.viewing and all(each.admit(address()) for each in self._rules)
        return frozenset() if open_to else self._permissions.of_console


def _standing() -> Any:  # noqa: ANN401 - kept for this request by `login`, which is above
    """Return the session of this request, if somebody asked for it; nobody is looked up."""
    return held().get("_gatehouse_standing") if has_request_context() else None
