"""Where a browser goes after a sign-in."""

from typing import Final

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from flask_gatehouse.features.login.settings import LoginSettings
from flask_gatehouse.web.access import MARK
from flask_gatehouse.web.flask_login import wanted_page
from flask_gatehouse.web.redirects import safe_path
from flask_gatehouse.web.work import house

#: Pages of ours that only lead on to another one, whoever may open them.
_DOORS: Final = {"gatehouse.passkeys.confirm", "gatehouse.passwords.confirm"}


def landing(wanted: str | None = None) -> str:
    """Return the page that was wanted, if it is one to arrive on, else the usual page.

    Args:
        wanted: its path; None if the request itself says.
    """
    wanted = wanted or wanted_page()
    if wanted is not None and _is_arrival(wanted):
        return wanted
    return usual()


def usual() -> str:
    """Return where people arrive who wanted no other page."""
    usual = house().settings[LoginSettings].landing
    return safe_path(usual) or url_for("gatehouse.admin.index")


def _is_arrival(path: str) -> bool:
    """Whether a page is no door: signing in, signing out and files would lead in circles."""
    router = current_app.create_url_adapter(request)
    if router is None:
        return False
    bare = path.partition("?")[0].partition("#")[0]
    prefix = request.root_path.rstrip("/")
    if prefix and not bare.startswith(f"{prefix}/"):
        return False
    for spelling in (bare.removeprefix(prefix), bare.removeprefix(prefix).rstrip("/") + "/"):
        try:
            endpoint, _ = router.match(spelling, method="GET")
        except MethodNotAllowed:
            # Something is there that only takes forms.
            return False
        except (HTTPException, RequestRedirect):
            continue
        if _is_door(endpoint):
            return False
    return True


def _is_door(endpoint: str) -> bool:
    if endpoint.endswith("static") or endpoint == current_app.login_manager.login_view:  # type: ignore[attr-defined] # set by Flask-Login
        return True
    if not endpoint.startswith("gatehouse."):
        return False
    # Whoever is signed in is sent on at once from pages that are for those who are not.
    access = getattr(current_app.view_functions[endpoint], MARK, "public")
    return endpoint in _DOORS or access in {"public", "pending"}
