"""The methods `can` and `has_role` of the user model."""

from flask import has_request_context

from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.roles import service
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rights import KEPT, NOTHING, Granted, RightsKeeper
from flask_gatehouse.web.console import ConsoleRules
from flask_gatehouse.web.work import address, held


class Keeper(RightsKeeper):
    """Reads what an account may do; once for each look at a session."""

    def __init__(self, works: Works) -> None:
        """Args: works: where to read."""
        self._works = works
        self._permissions = works.house.part(Permissions)
        self._names = self._permissions.names
        self._of_console = self._permissions.of_console
        self._rules = works.house.plugs(ConsoleRules)

    def granted(self, user: User) -> Granted:
        """Return what an account may do."""
        kept: Granted | None = user.__dict__.get(KEPT)
        if kept is not None:
            return kept
        with self._works.reading() as db:
            found = service.granted(db, user=user, now=self._works.house.clock.now())
        if _is_asking(user):
            user.__dict__[KEPT] = found
        return found

    def can(self, user: User, permission: str, thing: object) -> bool:
        """Return whether an account may do something. See `User.can`."""
        if permission not in self._names:
            self._permissions.must_know(permission)
        granted = user.__dict__.get(KEPT) or self.granted(user)
        allowed = granted.everything or permission in granted.permissions
        if allowed and permission in self._of_console:
            allowed = self._may_enter_the_console(user)
        if thing is NOTHING:
            return allowed
        rule = self._permissions.rule(permission)
        return user.active and rule(user, thing, allowed) is True

    def _may_enter_the_console(self, user: User) -> bool:
        """Whether whoever asks in this request may use what they may do in the console.

        Not from elsewhere than the settings say, and not by looking at the site as somebody who
        may. Of anybody else it is told what they may do.
        """
        standing = held().get("_gatehouse_standing") if has_request_context() else None
        if standing is None or standing.user is None or standing.user.id != user.id:
            return True
        return not standing.viewing and all(each.admit(address()) for each in self._rules)


def _is_asking(user: User) -> bool:
    """Whether this is the account of the session of this request, read for nothing else."""
    standing = held().get("_gatehouse_standing") if has_request_context() else None
    return standing is not None and standing.user is user
