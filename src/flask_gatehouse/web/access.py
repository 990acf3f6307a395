"""Who may enter a view: each view of ours says so by one of these marks, and a test reads them."""

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar, cast

from flask import current_app, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from flask_gatehouse.core.errors import NotAllowed
from flask_gatehouse.feature import Access
from flask_gatehouse.web.flask_login import GatehouseLoginManager, login_fresh

_P = ParamSpec("_P")
_View = TypeVar("_View", bound=Callable[..., ResponseReturnValue])

#: Attribute of a view that says who may enter.
MARK = "__gatehouse_access__"


class OnlyAdministrators(NotAllowed):
    """The page is for administrators."""

    code = "web.only_administrators"


def public(view: _View) -> _View:
    """Let anyone in, and say so."""
    setattr(view, MARK, "public")
    return view


def login_required(view: Callable[_P, ResponseReturnValue]) -> Callable[_P, ResponseReturnValue]:
    """Let only people in who are signed in; others are sent to the login page.

    As Flask-Login's, without the switch `LOGIN_DISABLED`, and OPTIONS is answered by Flask.
    """

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
        if request.method != "OPTIONS" and not current_user.is_authenticated:
            return _manager().unauthorized()
        return _call(view, *args, **kwargs)

    setattr(guarded, MARK, "signed in")
    return guarded


def fresh_login_required(
    view: Callable[_P, ResponseReturnValue],
) -> Callable[_P, ResponseReturnValue]:
    """Let only people in who proved themselves in this session, not by being remembered."""

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
        if request.method != "OPTIONS" and not current_user.is_authenticated:
            return _manager().unauthorized()
        if request.method != "OPTIONS" and not login_fresh():
            return _manager().needs_refresh()
        return _call(view, *args, **kwargs)

    setattr(guarded, MARK, "fresh")
    return guarded


def administrator_required(
    view: Callable[_P, ResponseReturnValue],
) -> Callable[_P, ResponseReturnValue]:
    """Let only administrators in.

    Raises:
        OnlyAdministrators: somebody else is signed in.
    """

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
        if not current_user.is_authenticated:
            return _manager().unauthorized()
        if not getattr(current_user, "is_admin", False):
            raise OnlyAdministrators
        return _call(view, *args, **kwargs)

    setattr(guarded, MARK, "administrator")
    return guarded


_AnyView = Callable[..., ResponseReturnValue]

_GUARDS: Final[dict[Access, Callable[[_AnyView], _AnyView]]] = {
    "public": public,
    "signed in": login_required,
    "fresh": fresh_login_required,
    "administrator": administrator_required,
}


def guard(access: Access, view: _AnyView) -> _AnyView:
    """Return `view` behind the guard that a route asks for."""
    return _GUARDS[access](view)


def _call(
    view: Callable[_P, ResponseReturnValue], *args: _P.args, **kwargs: _P.kwargs
) -> ResponseReturnValue:
    """Call a view, which may be a coroutine function."""
    answer: ResponseReturnValue = current_app.ensure_sync(view)(*args, **kwargs)
    return answer


def _manager() -> GatehouseLoginManager:
    return cast("GatehouseLoginManager", current_app.login_manager)  # type: ignore[attr-defined]
