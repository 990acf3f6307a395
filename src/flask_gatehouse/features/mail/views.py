"""Pages for developers: what letters look like, filled in with samples."""

from ipaddress import ip_address
from typing import Final

from flask import abort, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue

from flask_gatehouse.features.mail import service
from flask_gatehouse.features.mail.errors import NoSuchLetter
from flask_gatehouse.web.headers import POLICY, policy
from flask_gatehouse.web.work import house

#: A letter brings its style with it, and may do nothing else. Only our own page may frame it.
_LETTER_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)


def letters() -> ResponseReturnValue:
    """Show every letter, as text and as HTML."""
    _for_developers_only()
    shown = service.samples(house())
    answer = make_response(render_template("gatehouse/mail/letters.html", letters=shown))
    answer.headers["Content-Security-Policy"] = policy(house(), f"{POLICY}; frame-src 'self'")
    return answer


def letter(name: str) -> ResponseReturnValue:
    """Answer the HTML of one letter, as a mail client shows it."""
    _for_developers_only()
    try:
        said = service.sample(house(), letter=name)
    except NoSuchLetter:
        abort(404)
    answer = make_response(said.html)
    answer.headers["Content-Security-Policy"] = policy(house(), _LETTER_POLICY)
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def _for_developers_only() -> None:
    """Be there in development and on this machine only."""
    try:
        here = ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        here = False
    if not (here and (current_app.debug or current_app.testing)):
        abort(404)
