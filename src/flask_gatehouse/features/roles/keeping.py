"""The methods `can` and `has_role` of the user model."""

from flask import has_request_context

from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.roles import service
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rights import KEPT, NOTHING, Granted, Kept, RightsKeeper
from flask_gatehouse.web.work import held


class Keeper(RightsKeeper):
    """Reads what an account may do; once for each look at a session."""

    def __init__(self, works: Works) -> None:
        """Args: works: where to read."""
        self._works = works
        self._permissions = works.house.part(Permissions)
        self._names = self._permissions.names

    def granted(self, user: User) -> Granted:
        """Return what an account may do."""
        kept: Granted | None = user.__dict__.get(KEPT)
        if kept is not None:
            return kept
        with self._works.reading() as db:
            found = service.granted(db, user=user, now=self._works.house.clock.now())
        if _is_asking(user):
            user.__dict__[KEPT] = Kept(
                found.roles, found.permissions, found.everything, declared=self._names
            )
        return found

    def can(self, user: User, permission: str, thing: object) -> bool:
        """Return whether an account may do something. See `User.can`."""
        if permission not in self._names:
            self._permissions.must_know(permission)
        granted = user.__dict__.get(KEPT) or self.granted(user)
        allowed = granted.everything or permission in granted.permissions
        if thing is NOTHING:
            return allowed
        rule = self._permissions.rule(permission)
        return user.active and rule(user, thing, allowed) is True


def _is_asking(user: User) -> bool:
    """Whether this is the account of the session of this request, read for nothing else."""
    standing = held().get("_gatehouse_standing") if has_request_context() else None
    return standing is not None and standing.user is user
