"""The methods `can` and `has_role` of the user model."""

from typing import Any, Final

from flask import has_request_context

from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.roles import finding
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rights import KEPT, NOTHING, Granted, RightsKeeper
from flask_gatehouse.web.work import held

#: Where the same account keeps what it was found to have.
_FOUND: Final = f"{KEPT}_found"


class Keeper(RightsKeeper):
    """Reads what an account may do; once for each look at a session."""

    def __init__(self, works: Works) -> None:
        """Args: works: where to read."""
        self._works = works
        self._permissions = works.house.part(Permissions)

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
        """Return what an account may not do in this request although it is allowed to.

        Whoever looks at the site as somebody does not enter the console by their rights.
        """
        standing = _standing()
        seen = standing is not None and standing.viewing and standing.user.id == user.id
        return self._permissions.of_console if seen else frozenset()


def _standing() -> Any:  # noqa: ANN401 - kept for this request by `login`, which is above
    """Return the session of this request, if somebody asked for it; nobody is looked up."""
    return held().get("_gatehouse_standing") if has_request_context() else None
