"""Whole applications and blueprints that only some people may enter, whatever their views say.

The view decides, never the path. One function runs before everything else of a request, and only in
applications of which something is protected.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, NamedTuple, cast
from weakref import WeakSet

import flask_login
from flask import Blueprint, Flask, Request, current_app, request
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.web.access import MARKS, Mark, NotPermitted, must_prove
from flask_gatehouse.web.flask_login import (
    GatehouseLoginManager,
    assurance,
    be_sure,
    demand_two,
    has_role,
    may,
    person,
    proven_within,
)

#: What a view says that says nothing.
UNMARKED: Final = "anyone (unmarked)"

#: Assurance of a session in which two factors were proven.
_TWO_FACTORS: Final = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Policy:
    """Who may enter what belongs to one target."""

    target: object
    #: Endpoints that stay open; of a blueprint, as it calls them itself.
    public: frozenset[str]
    permissions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    fresh: bool = False
    second_factor: bool = False

    def blueprints(self) -> tuple[Blueprint, ...]:
        """Return what is protected, if it is not a whole application."""
        if isinstance(self.target, Blueprint):
            return (self.target,)
        # An extension that keeps a list of views with a blueprint each, as Flask-Admin does.
        views = getattr(self.target, "_views", ())
        found = (getattr(view, "blueprint", None) for view in views)
        return tuple(each for each in found if isinstance(each, Blueprint))

    def names(self, app: Flask) -> set[str]:
        """Return the names under which these blueprints are registered."""
        protected = self.blueprints()
        return {name for name, each in app.blueprints.items() if any(each is p for p in protected)}

    def covers(self, app: Flask, endpoint: str) -> bool:
        """Whether a view belongs to the target."""
        if isinstance(self.target, Flask):
            return self.target is app
        return not self.names(app).isdisjoint(_blueprints_of(endpoint))

    def open_endpoints(self, app: Flask) -> dict[str, set[str]]:
        """Return for each name in `public` the endpoints that it may mean."""
        if not isinstance(self.target, Blueprint):
            return {name: {name} for name in self.public}
        own = self.names(app)
        return {name: {f"{each}.{name}" for each in own} for name in self.public}

    @property
    def words(self) -> str:
        """Return who may enter, as `gatehouse routes` says it."""
        asks = [
            *([f"permitted: {', '.join(self.permissions)}"] if self.permissions else ()),
            *([f"role: {', '.join(self.roles)}"] if self.roles else ()),
            *(["two factors"] if self.second_factor else ()),
            *(["fresh"] if self.fresh else ()),
        ]
        return "; ".join(asks) or "signed in"


class _Decision(NamedTuple):
    """What is asked at one view, for one method; nothing at all if it is open."""

    view: object
    policies: tuple[Policy, ...]
    #: How much was protected when it was made: of more it knows nothing.
    among: int
    #: Whether a policy asks for a permission or a role, which nobody has by what was read lately.
    asks_for_rights: bool


def _decide(view: object, policies: tuple[Policy, ...], among: int) -> _Decision:
    rights = any(each.permissions or each.roles for each in policies)
    return _Decision(view, policies, among, asks_for_rights=rights)


class Protection:
    """What of one or several applications is protected."""

    def __init__(self) -> None:
        self._policies: list[Policy] = []
        self._apps: dict[Flask, frozenset[str]] = {}
        self._hooked: WeakSet[Flask] = WeakSet()

    def attach(self, app: Flask, *, ours: Iterable[str]) -> None:
        """Take an application in.

        Args:
            ours: endpoints of our own pages, each of which says itself who may enter.
        """
        self._apps[app] = frozenset(ours)
        if self._policies:
            self._hook(app)

    def add(self, policy: Policy) -> None:
        """Protect something, from the next request on."""
        self._policies.append(policy)
        for app in self._apps:
            self._hook(app)

    def policies(self, app: Flask, endpoint: str, method: str) -> tuple[Policy, ...]:
        """Return what protects a view for one method: nothing if it is ours, or marked public."""
        if endpoint in self._apps[app]:
            return ()
        view = app.view_functions.get(endpoint)
        said = marks(view, method)
        if said and all(mark.access == "public" for mark in said):
            return ()
        return tuple(
            each
            for each in self._policies
            if each.covers(app, endpoint)
            and not any(endpoint in meant for meant in each.open_endpoints(app).values())
        )

    def roles_asked_for(self) -> frozenset[str]:
        """Return the roles that a mark or a protection asks for by their names."""
        protected = (name for each in self._policies for name in each.roles)
        marked = (
            name
            for app in tuple(self._apps)
            for view in tuple(app.view_functions.values())
            for mark in _all_marks(view)
            if mark.access == "role"
            for name in mark.needs
        )
        return frozenset((*protected, *marked))

    def is_open(self, app: Flask, endpoint: str) -> bool:
        """Whether somebody said that a view is public, in the place of a mark."""
        return any(
            endpoint in meant
            for each in self._policies
            if each.covers(app, endpoint)
            for meant in each.open_endpoints(app).values()
        )

    def check(self, app: Flask) -> None:
        """Refuse names of public views that no view has. Raises: Misconfigured."""
        for policy in self._policies:
            for name, meant in policy.open_endpoints(app).items():
                if meant and meant.isdisjoint(app.view_functions):
                    raise Misconfigured(_unknown(name, app, policy))

    def _hook(self, app: Flask) -> None:
        if app in self._hooked:
            return
        self._hooked.add(app)
        decisions: dict[tuple[str, str], _Decision] = {}
        checked = [0]

        def ask_first() -> ResponseReturnValue | None:
            among = len(self._policies)
            if checked[0] != among:
                self.check(app)
                checked[0] = among
            asked: Request = request._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - one way through the proxy
            endpoint = asked.endpoint
            # Without a view there is an error to be shown, and nothing to be entered.
            if endpoint is None:
                return None
            method = asked.method
            if method == "OPTIONS" and getattr(asked.url_rule, "provide_automatic_options", False):
                return None
            decision = decisions.get((endpoint, method))
            view = app.view_functions.get(endpoint)
            if decision is None or decision.view is not view or decision.among != among:
                decision = _decide(view, self.policies(app, endpoint, method), among)
                decisions[endpoint, method] = decision
            return _ask(endpoint, decision) if decision.policies else None

        # Before any function of the host, which might answer by itself.
        app.before_request_funcs.setdefault(None, []).insert(0, ask_first)


def _ask(endpoint: str, decision: _Decision) -> ResponseReturnValue | None:
    if decision.asks_for_rights:
        be_sure()
    if not person().is_authenticated:
        return None if endpoint in _doors() else _manager().unauthorized()
    for policy in decision.policies:
        answer = _ask_for(endpoint, policy)
        if answer is not None:
            return answer
    return None


def _ask_for(endpoint: str, policy: Policy) -> ResponseReturnValue | None:
    for name in policy.permissions:
        if not may(name) and not _is_way_in(endpoint):
            raise NotPermitted(needs=name)
    for name in policy.roles:
        if not has_role(name) and not _is_way_in(endpoint):
            raise NotPermitted(needs=name)
    if must_prove(policy.permissions) and not _is_way_in(endpoint):
        return _manager().needs_refresh()
    if policy.second_factor and assurance() < _TWO_FACTORS and not _is_way_in(endpoint):
        demand_two()
        return _manager().needs_refresh()
    if policy.fresh and not proven_within(None) and not _is_way_in(endpoint):
        return _manager().needs_refresh()
    return None


def _doors() -> set[str]:
    """Return the host's own pages of sign-in: to protect them would lead in a circle."""
    manager = _manager()
    return {each for each in (manager.login_view, *manager.blueprint_login_views.values()) if each}


def _is_way_in(endpoint: str) -> bool:
    """Whether it is a page of sign-in or confirmation, which asks for what is missing here."""
    return endpoint == _manager().refresh_view or endpoint in _doors()


def marks(view: object, method: str) -> tuple[Mark, ...]:
    """Return what a view says on who may enter: itself, and the method of its class.

    Flask-Login's own decorators are known by their code, because they write nothing down.
    """
    found = getattr(view, MARKS, ())
    handler = getattr(view, "view_class", None)
    if handler is not None:
        name = "get" if method == "HEAD" and not hasattr(handler, "head") else method.lower()
        for part in (getattr(handler, "dispatch_request", None), getattr(handler, name, None)):
            found += (*getattr(part, MARKS, ()), *_of_flask_login(part))
    return (*_of_flask_login(view), *found)


def _all_marks(view: object) -> tuple[Mark, ...]:
    """Return what a view says, by whatever method it is asked."""
    handler = getattr(view, "view_class", None)
    methods = ("GET", *(getattr(handler, "methods", None) or ()))
    return tuple(mark for method in methods for mark in marks(view, method))


def _of_flask_login(view: object) -> Iterator[Mark]:
    while view is not None:
        word = _THEIRS.get(getattr(view, "__code__", None))
        if word is not None:
            yield Mark(word)
        view = getattr(view, "__wrapped__", None)


def _nothing() -> None:
    """Be a view, to see what a decorator makes of one."""


#: The code of what Flask-Login's decorators return, which is one for all views.
_THEIRS: Final[dict[object, str]] = {
    flask_login.login_required(_nothing).__code__: "signed in",
    flask_login.fresh_login_required(_nothing).__code__: "fresh",
}


def who(app: Flask, protection: Protection, endpoint: str, method: str) -> str:
    """Return who may enter a view, in words; `UNMARKED` if nothing says so."""
    view: Any = app.view_functions[endpoint]
    said = [
        f"{mark.access}: {', '.join(mark.needs)}" if mark.needs else mark.access
        for mark in marks(view, method)
    ]
    said += [f"protected: {each.words}" for each in protection.policies(app, endpoint, method)]
    if not said and protection.is_open(app, endpoint):
        said = ["public"]
    if not said and is_files(app, endpoint):
        said = ["public (files)"]
    return ", ".join(dict.fromkeys(said)) or UNMARKED


def is_files(app: Flask, endpoint: str) -> bool:
    """Whether a view is Flask's own for the files of a static folder."""
    place, _, name = endpoint.rpartition(".")
    scaffold = app.blueprints.get(place) if place else app
    return name == "static" and scaffold is not None and scaffold.has_static_folder


def _blueprints_of(endpoint: str) -> Iterator[str]:
    """Yield the blueprint of a view and those around it, by the names of their registration."""
    place = endpoint.rpartition(".")[0]
    while place:
        yield place
        place = place.rpartition(".")[0]


def _unknown(name: str, app: Flask, policy: Policy) -> str:
    known = [each for each in app.view_functions if policy.covers(app, each)]
    if isinstance(policy.target, Blueprint):
        own = policy.names(app)
        known = [each.removeprefix(f"{n}.") for each in known for n in own]
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"protect(public=…) names {name!r}, and there is no such view{hint}"


def _manager() -> GatehouseLoginManager:
    return cast("GatehouseLoginManager", current_app.login_manager)  # type: ignore[attr-defined]
