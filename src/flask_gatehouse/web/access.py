"""Who may enter a view: each view of ours says so by one of these marks, and a test reads them."""

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from functools import wraps
from inspect import iscoroutinefunction
from typing import Final, NamedTuple, ParamSpec, TypeVar, cast, overload

from flask import current_app, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from flask_gatehouse.core.errors import NotAllowed
from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.feature import Access, Route
from flask_gatehouse.web.entrance import ConsoleRules
from flask_gatehouse.web.flask_login import (
    GatehouseLoginManager,
    assurance,
    be_sure,
    begin_anew,
    demand_two,
    has_role,
    login_fresh,
    may,
    owed,
    person,
    proven_by,
    proven_since_rights,
    proven_within,
    refuse_viewers,
)
from flask_gatehouse.web.work import house

_P = ParamSpec("_P")
_View = TypeVar("_View", bound=Callable[..., ResponseReturnValue])

#: Attribute of a view that says who may enter.
MARK = "__gatehouse_access__"

#: Attribute of a view that says which permissions, or roles, it asks for.
NEEDS = "__gatehouse_needs__"


#: Attribute of a view that holds all marks that it carries, the innermost first.
MARKS = "__gatehouse_marks__"


class Mark(NamedTuple):
    """One word of a view on who may enter."""

    access: str
    #: The permissions, or roles, that it asks for.
    needs: tuple[str, ...] = ()


def say(view: object, access: str, needs: tuple[str, ...] = ()) -> None:
    """Write on a view who may enter, beside what is written there.

    `functools.wraps` takes it along, so a decorator outside of a mark does not lose it.
    """
    setattr(view, MARK, access)
    if needs:
        setattr(view, NEEDS, needs)
    setattr(view, MARKS, (*getattr(view, MARKS, ()), Mark(access, needs)))


#: Assurance of a session in which two factors were proven.
_TWO_FACTORS: Final = 2


class OnlyAdministrators(NotAllowed):
    """The page is for administrators."""

    code = "web.only_administrators"


class NotPermitted(NotAllowed):
    """The page asks for a permission, or a role, that the account has not. Facts: `needs`."""

    code = "web.not_permitted"


def public(view: _View) -> _View:
    """Let anyone in, and say so."""
    say(view, "public")
    return view


def login_required(view: Callable[_P, ResponseReturnValue]) -> Callable[_P, ResponseReturnValue]:
    """Let only people in who are signed in; others are sent to the login page.

    As Flask-Login's, without the switch `LOGIN_DISABLED`, and OPTIONS is answered by Flask.
    """
    call = _caller(view)

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
        if not person().is_authenticated and request.method != "OPTIONS":
            return _manager().unauthorized()
        return call(*args, **kwargs)

    say(guarded, "signed in")
    return guarded


@overload
def fresh_login_required(
    view: Callable[_P, ResponseReturnValue],
) -> Callable[_P, ResponseReturnValue]: ...


@overload
def fresh_login_required(
    *, within: timedelta | None = None
) -> Callable[[Callable[_P, ResponseReturnValue]], Callable[_P, ResponseReturnValue]]: ...


def fresh_login_required(
    view: Callable[_P, ResponseReturnValue] | None = None, *, within: timedelta | None = None
) -> (
    Callable[_P, ResponseReturnValue]
    | Callable[[Callable[_P, ResponseReturnValue]], Callable[_P, ResponseReturnValue]]
):
    """Let only people in who proved themselves in this session, not by being remembered.

    Bare, as Flask-Login's: the proof may be as old as the session. Called, it must be recent.

    Args:
        within: how long ago is recent; None is as long as `GATEHOUSE_SESSIONS_FRESH_FOR` says.

    Raises:
        ValueError: no proof is ever so recent.

    Source: OWASP ASVS 5.0 7.5.3.
    """
    return fresh(within=within) if view is None else _fresh(view, login_fresh)


def fresh(
    *, within: timedelta | None = None, methods: Collection[str] = ()
) -> Callable[[Callable[_P, ResponseReturnValue]], Callable[_P, ResponseReturnValue]]:
    """Let only people in who proved themselves lately, by all of their factors (step-up).

    Args:
        within: how long ago is recent; None is as long as `GATEHOUSE_SESSIONS_FRESH_FOR` says.
        methods: of these one must have been used, such as `passkey`; empty is any.

    Raises:
        ValueError: no proof is ever so recent.

    Source: OWASP ASVS 5.0 7.5.3.
    """
    if within is not None and within <= timedelta(0):
        msg = f"within is {within}, but must be a time that can have passed"
        raise ValueError(msg)
    wanted = frozenset(methods)

    def proven() -> bool:
        return proven_within(within) and (not wanted or not wanted.isdisjoint(proven_by()))

    def mark(view: Callable[_P, ResponseReturnValue]) -> Callable[_P, ResponseReturnValue]:
        return _fresh(view, proven, by=" ".join(sorted(wanted)) or None)

    return mark


def mfa_required(view: Callable[_P, ResponseReturnValue]) -> Callable[_P, ResponseReturnValue]:
    """Let only people in who proved two factors in this session; others are asked for them.

    Whoever has no second one is led to where they can set one up.

    Source: NIST SP 800-63B-4 2.2.
    """

    def proven() -> bool:
        if assurance() >= _TWO_FACTORS:
            return True
        demand_two()
        return False

    return _fresh(view, proven, mark_as="two factors")


def _fresh(
    view: Callable[_P, ResponseReturnValue],
    proven: Callable[[], bool],
    *,
    by: str | None = None,
    mark_as: str = "fresh",
) -> Callable[_P, ResponseReturnValue]:
    call = _caller(view)

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
        if request.method != "OPTIONS" and not current_user.is_authenticated:
            return _manager().unauthorized()
        # A view of the site as somebody else proves nothing, and is led nowhere to do so.
        refuse_viewers()
        if request.method != "OPTIONS" and not proven():
            return _manager().needs_refresh(by)
        return call(*args, **kwargs)

    say(guarded, mark_as)
    return guarded


def administrator_required(
    view: Callable[_P, ResponseReturnValue],
) -> Callable[_P, ResponseReturnValue]:
    """Let only administrators in.

    Raises:
        OnlyAdministrators: somebody else is signed in.
    """
    call = _caller(view)

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
        be_sure()
        if not current_user.is_authenticated:
            return _manager().unauthorized()
        if not getattr(current_user, "is_admin", False):
            raise OnlyAdministrators
        return call(*args, **kwargs)

    say(guarded, "administrator")
    return guarded


def permissions_required(
    *names: str,
) -> Callable[[Callable[_P, ResponseReturnValue]], Callable[_P, ResponseReturnValue]]:
    """Let only people in who may do all of this.

    Args:
        names: of permissions, as they were declared.

    Raises:
        ValueError: none is named, which would let everybody in.
        NotPermitted: whoever is signed in may not.
        UnknownPermission: nobody declared one of them.
    """
    return _only(names, may, mark_as="permitted")


def roles_required(
    *names: str,
) -> Callable[[Callable[_P, ResponseReturnValue]], Callable[_P, ResponseReturnValue]]:
    """Let only people in who have all of these roles; administrators have every one.

    Ask for a permission where you can: who has it is decided without changing code.

    Raises:
        ValueError: none is named, which would let everybody in.
        NotPermitted: whoever is signed in has not.
    """
    return _only(names, has_role, mark_as="role")


def _only(
    names: tuple[str, ...], has: Callable[[str], bool], *, mark_as: str
) -> Callable[[Callable[_P, ResponseReturnValue]], Callable[_P, ResponseReturnValue]]:
    if not names:
        msg = "name what is required; nothing would let everybody in"
        raise ValueError(msg)

    def mark(view: Callable[_P, ResponseReturnValue]) -> Callable[_P, ResponseReturnValue]:
        call = _caller(view)

        @wraps(view)
        def guarded(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
            be_sure()
            if not person().is_authenticated:
                return _manager().unauthorized()
            for name in names:
                if not has(name):
                    raise NotPermitted(needs=name)
            if mark_as == "permitted" and must_prove(names):
                return _manager().needs_refresh()
            return call(*args, **kwargs)

        say(guarded, mark_as, names)
        return guarded

    return mark


def must_prove(permissions: Iterable[str]) -> bool:
    """Whether whoever asks has to prove who they are before they use these permissions.

    Those of the console are used by nobody whom a browser remembers, and by nobody in a session of
    which the last proof is older than what they may do: whoever has a copy of its handle gains
    nothing. A proof gives it another handle.

    Source: OWASP ASVS 5.0 7.2.4, 8.4.2.
    """
    if Permissions.of_any_console.isdisjoint(permissions):
        return False
    of_console = house().part(Permissions).of_console
    return not of_console.isdisjoint(permissions) and not proven_since_rights()


def may_enter(permission: str) -> bool:
    """Whether whoever asks may do something, and has to prove nothing first."""
    return may(permission) and not must_prove((permission,))


def _pending(view: Callable[_P, ResponseReturnValue]) -> Callable[_P, ResponseReturnValue]:
    """Let only browsers in that hold a sign-in which owes its second step."""

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
        if owed() != "factor":
            begin_anew()
        return view(*args, **kwargs)

    return guarded


def _enrolling(view: Callable[_P, ResponseReturnValue]) -> Callable[_P, ResponseReturnValue]:
    """Let people in who freshly proved themselves, and browsers whose sign-in owes a factor."""
    signed_in = fresh()(view)

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
        if not current_user.is_authenticated and owed() == "enrolment":
            return view(*args, **kwargs)
        return signed_in(*args, **kwargs)

    return guarded


_AnyView = Callable[..., ResponseReturnValue]

_GUARDS: Final[dict[Access, Callable[[_AnyView], _AnyView]]] = {
    "public": public,
    "signed in": login_required,
    "fresh": fresh_login_required(),
    "pending": _pending,
    "enrolling": _enrolling,
}


def guard(route: Route, view: _AnyView) -> _AnyView:
    """Return `view` behind the guard that a route asks for."""
    if route.needs is None:
        return _GUARDS[route.access](view)
    # The permission first: nobody proves themselves anew to be told that the page is not for them.
    within = mfa_required(view) if route.two_factors else view
    if route.access == "fresh permitted":
        within = fresh()(within) if route.two_factors else _fresh(within, _proven_for_the_console)
    return permissions_required(route.needs)(within)


def _proven_for_the_console() -> bool:
    """Whether whoever asks proved who they are recently enough to change something there."""
    windows = (each.fresh_for for each in house().plugs(ConsoleRules))
    return proven_within(min(windows, default=None))


def _caller(view: Callable[_P, ResponseReturnValue]) -> Callable[_P, ResponseReturnValue]:
    """Return how to call a view: as it is, or as its application runs coroutine functions."""
    if not iscoroutinefunction(view):
        return view

    def call(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
        answer: ResponseReturnValue = current_app.ensure_sync(view)(*args, **kwargs)
        return answer

    return call


def _manager() -> GatehouseLoginManager:
    return cast("GatehouseLoginManager", current_app.login_manager)  # type: ignore[attr-defined]
