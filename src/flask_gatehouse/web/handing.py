"""A secret from a link, on its way from the address bar to the page that asks what to do with it.

The link's own address only hands it over: it looks nothing up, uses nothing up and changes nothing,
so a machine that opens every link of a letter does no harm. The secret then stands in a cookie for
half an hour, in no address, page or Referer, and a page takes it from there and nowhere else.

Source: OWASP ASVS 5.0 14.2.1, 3.5.3.
"""

from dataclasses import dataclass
from typing import Final

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from flask_gatehouse.core import tokens
from flask_gatehouse.core.site import CoreSettings, is_secure
from flask_gatehouse.web.work import house

#: Seconds for which a browser keeps what it was handed.
_KEPT_FOR: Final = 1800


@dataclass(frozen=True)
class Handing:
    """One kind of link.

    Args:
        name: in the name of its cookie, so that no link is taken for one of another kind.
    """

    name: str

    def over(self, secret: str, endpoint: str) -> AnyResponse:
        """Return the answer that takes a secret out of the address bar and leads to the page."""
        response = redirect(url_for(endpoint), 303)
        if tokens.well_formed(secret):
            self.keep(response, secret)
        return response

    def keep(self, response: AnyResponse, value: str, *, seconds: int = _KEPT_FOR) -> None:
        """Have the browser keep a value, for half an hour unless told otherwise."""
        response.set_cookie(
            self._cookie,
            value,
            max_age=seconds,
            secure=_secure(),
            httponly=True,
            samesite="Lax",
        )

    @property
    def held(self) -> str:
        """What the browser was handed; empty if nothing."""
        return request.cookies.get(self._cookie, "")

    def forget(self, response: Response | AnyResponse) -> None:
        """Have the browser drop it."""
        response.delete_cookie(self._cookie, secure=_secure(), httponly=True, samesite="Lax")

    @property
    def _cookie(self) -> str:
        return f"__Host-gatehouse-{self.name}" if _secure() else f"gatehouse_{self.name}"


def _secure() -> bool:
    """Decide by the public URL alone: no request can talk the house out of Secure."""
    return is_secure(house().settings[CoreSettings].public_url)
