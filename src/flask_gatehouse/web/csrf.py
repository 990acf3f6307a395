"""Forms count only if they come from a page of this site, opened in the session that sends them.

Two gates for every method that is not safe, before anybody asks who is signed in:

1. what the browser says about where the request comes from (Fetch Metadata, else Origin);
2. Flask-WTF's token. The secret behind it is replaced whenever the handle of the session changes,
   so a token from before a sign-in, or from somebody else, is worth nothing. A host's own
   Flask-WTF forms share the secret, so they gain the same.

Source: OWASP ASVS 5.0 3.5.1; OWASP Cross-Site Request Forgery cheat sheet.
"""

from typing import Final
from urllib.parse import urlsplit

from flask import current_app, g, request, session

from flask_gatehouse.core import tokens
from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.house import House
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.web.settings import WebSettings

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD: Final = "csrf_token"
HEADER: Final = "X-CSRF-Token"

_PURPOSE: Final = "web.csrf"
_KEPT: Final = "csrf_token"


class ForeignForm(Refusal):
    """The form was not opened on a page of this site, or too long ago (400). Facts: `reason`."""

    code = "web.foreign_form"


def token(house: House, handle: str | None) -> str:
    """Return the token for forms on the page that is being made.

    Args:
        handle: the session handle in the request, or None for somebody anonymous.
    """
    if handle is not None:
        bound = _bound_to(house, handle)
        if session.get(_KEPT) != bound:
            session[_KEPT] = bound
            g.pop(FIELD, None)
    from flask_wtf.csrf import generate_csrf  # noqa: PLC0415 - loaded with the first form

    made: str = generate_csrf(token_key=_KEPT)
    return made


def renew(house: House, handle: str | None) -> None:
    """Let no token of before be good: at sign-in and at sign-out, with the handle from now on.

    The next page with a form brings a new one. Until then Flask's session may stay empty, and the
    pages of somebody signed in do not pay for reading it. A host that checks all of its forms gets
    the new one now, because its next form may come before ours.
    """
    g.pop(FIELD, None)
    if _KEPT not in session:
        return
    if handle is not None and "csrf" in current_app.extensions:
        session[_KEPT] = _bound_to(house, handle)
    else:
        session.pop(_KEPT)


def refuse_foreign(house: House, handle: str | None) -> None:
    """Let the request pass if its method is safe or the form is ours.

    Raises:
        ForeignForm: from elsewhere, without a token, or with one of another session.
    """
    if request.method in SAFE_METHODS:
        return
    from flask_wtf.csrf import validate_csrf  # noqa: PLC0415 - loaded with the first form
    from wtforms import ValidationError  # noqa: PLC0415 - as above

    if _switched_off_for_tests():
        return
    if not _from_this_site(house):
        raise ForeignForm(reason="elsewhere")
    limit = int(house.settings[WebSettings].form_lifetime.total_seconds())
    given = request.headers.get(HEADER) or request.form.get(FIELD)
    try:
        validate_csrf(given, time_limit=limit, token_key=_KEPT)
    except ValidationError as error:
        raise ForeignForm(reason="token") from error
    if handle is not None and not tokens.same(session[_KEPT], _bound_to(house, handle)):
        raise ForeignForm(reason="session")


def from_this_site_or_typed() -> bool:
    """Whether the browser says that a link of this site, or a person's own hand, led here."""
    said = request.headers.get("Sec-Fetch-Site")
    if said is not None:
        return said in {"same-origin", "none"}
    referrer = urlsplit(request.headers.get("Referer", ""))
    return (referrer.scheme, referrer.netloc) == (request.scheme, request.host)


def _from_this_site(house: House) -> bool:
    said = request.headers.get("Sec-Fetch-Site")
    if said is not None:
        return said in {"same-origin", "none"}
    sent_from = request.headers.get("Origin")
    if sent_from is None:
        return True
    ours = urlsplit(house.settings[CoreSettings].public_url)
    return sent_from in {f"{request.scheme}://{request.host}", f"{ours.scheme}://{ours.netloc}"}


def _switched_off_for_tests() -> bool:
    return bool(current_app.testing and current_app.config.get("WTF_CSRF_ENABLED") is False)


def _bound_to(house: House, handle: str) -> str:
    return tokens.digest(handle, house.keys.newest(_PURPOSE).value).hex()
