"""Security headers, set in one hook that runs for pages, redirects, errors and files alike.

Source: OWASP ASVS 5.0 3.4, 14.3.2; OWASP HTTP headers cheat sheet.
"""

from collections.abc import Callable
from typing import Final

from flask import Response, request, url_for

from flask_gatehouse.core.house import House
from flask_gatehouse.core.site import CoreSettings, is_secure
from flask_gatehouse.web.settings import WebSettings
from flask_gatehouse.web.work import held

#: Nothing inline and nothing from elsewhere. No script is allowed, because hardly a page has one.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)

#: What a page may do besides that has one of our modules: run it, and nothing that it writes.
_WITH_MODULE: Final = "script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"

_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), "
        "microphone=(), geolocation=(), payment=(), usb=()"
    ),
    "X-Frame-Options": "DENY",
}


def policy(house: House, own: str = POLICY) -> str:
    """Return what a page may load, of which over https nothing travels in the clear.

    Args:
        own: what a page asks for that needs something else.
    """
    over_https = is_secure(house.settings[CoreSettings].public_url)
    return f"{own}; upgrade-insecure-requests" if over_https else own


def module(name: str) -> str:
    """Return the address of a module of ours, and allow the page that is being made to run it."""
    held()["_gatehouse_module"] = True
    return url_for("gatehouse.static", filename=name)


def hook(house: House) -> Callable[[Response], Response]:
    """Return the function to run after a request."""
    core = house.settings[CoreSettings]
    usual, with_module = policy(house), policy(house, f"{POLICY}; {_WITH_MODULE}")
    headers = dict(_ALWAYS)
    if is_secure(core.public_url):
        seconds = int(house.settings[WebSettings].hsts_max_age.total_seconds())
        # An extension does not speak for what else lives below its host's name.
        whole = "; includeSubDomains" if house.settings[WebSettings].headers == "all" else ""
        headers["Strict-Transport-Security"] = f"max-age={seconds}{whole}"

    def protect(response: Response) -> Response:
        own = with_module if "_gatehouse_module" in held() else usual
        endpoint = request.endpoint
        ours = {"Content-Security-Policy": own, **headers}
        if endpoint is None or not endpoint.endswith("static"):
            ours["Cache-Control"] = "no-store"
        # Looked at once, and not for each of ours: what the view said stays.
        said = {name.lower() for name, _ in response.headers}
        for name, value in ours.items():
            if name.lower() not in said:
                response.headers.add(name, value)
        return response

    return protect
