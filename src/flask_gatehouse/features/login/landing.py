"""Where a browser goes after a sign-in."""

from typing import Final

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from flask_gatehouse.features.login.settings import LoginSettings
from flask_gatehouse.web.flask_login import wanted_page
from flask_gatehouse.web.redirects import safe_path
from flask_gatehouse.web.work import house

#: Pages of ours on which somebody may arrive. From the others one would be sent on at once.
_ARRIVALS: Final = (
    "gatehouse.admin.",
    "gatehouse.account.",
    "gatehouse.addresses.index",
    "gatehouse.mfa.index",
    "gatehouse.mfa.set_up",
    "gatehouse.names.index",
    "gatehouse.passkeys.add",
    "gatehouse.recovery_codes.index",
    "gatehouse.totp.add",
    "gatehouse.activity.",
    "gatehouse.devices.",
    "gatehouse.passwords.change",
    "gatehouse.leaving.data",
    "gatehouse.leaving.leave",
    "gatehouse.invitations.index",
    "gatehouse.invitations.own",
    "gatehouse.record.chain",
    "gatehouse.record.index",
    "gatehouse.record.one",
    "gatehouse.statistics.index",
    "gatehouse.recovery_codes.index",
    "gatehouse.totp.add",
)


def landing(wanted: str | None = None) -> str:
    """Return the page that was wanted, if it is one to arrive on, else the usual page.

    Args:
        wanted: its path; None if the request itself says.
    """
    wanted = wanted or wanted_page()
    if wanted is not None and _is_arrival(wanted):
        return wanted
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
    return endpoint.startswith("gatehouse.") and not endpoint.startswith(_ARRIVALS)
