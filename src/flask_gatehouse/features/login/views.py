"""Signing out."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import logout_user

from flask_gatehouse.web import csrf
from flask_gatehouse.web.settings import WebSettings
from flask_gatehouse.web.work import house

#: What browsers give up of the pages of somebody who signed out, where all pages are ours to speak
#: for. Source: OWASP ASVS 5.0 14.3.1.
_CLEAR = '"cache", "storage"'

MESSAGE = "You have been logged out."


def logout() -> ResponseReturnValue:
    """End the session: at once by POST, or by a link of this site; else ask with one button.

    A link from elsewhere, an image or a prefetch must not sign anybody out.
    """
    if request.method == "POST" or (request.method == "GET" and _followed_by_a_person()):
        logout_user()
        flash(MESSAGE, "info")
        response = redirect(url_for("gatehouse.passwords.login"), 303)
        if house().settings[WebSettings].headers == "all":
            response.headers["Clear-Site-Data"] = _CLEAR
        return response
    return render_template("gatehouse/login/logout.html")


def _followed_by_a_person() -> bool:
    prefetched = "Sec-Purpose" in request.headers or request.headers.get("Purpose") == "prefetch"
    opened_as_page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    return csrf.from_this_site_or_typed() and opened_as_page and not prefetched
