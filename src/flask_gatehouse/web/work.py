"""The house of the current request, and units of work that know who is asking."""

from contextlib import AbstractContextManager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from flask import current_app, g, has_request_context, request

from flask_gatehouse.core import tokens
from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask_gatehouse.db.work import Work, Works
    from flask_gatehouse.feature import Feature

#: Key of our state in `app.extensions`.
EXTENSION: Final = "gatehouse"

#: Characters of a browser's description of itself that are kept.
_LONGEST_AGENT: Final = 256


def works() -> "Works":
    """Return how the current application begins work."""
    found: Works = current_app.extensions[EXTENSION].works
    return found


def features() -> "Sequence[Feature]":
    """Return the features of the current application."""
    found: Sequence[Feature] = current_app.extensions[EXTENSION].features
    return found


def house() -> House:
    """Return the house of the current application."""
    return works().house


def held() -> dict[str, Any]:
    """Return what this request keeps in `flask.g`, by one way through the proxy instead of many."""
    kept: dict[str, Any] = vars(g._get_current_object())  # noqa: SLF001 - Werkzeug's documented way
    return kept


def unit_of_work() -> "AbstractContextManager[Work]":
    """Open a unit of work for the current request or command."""
    return works().begin(origin())


def origin() -> Origin:
    """Return where the current request comes from; outside of one, the command line."""
    if not has_request_context():
        return Origin()
    standing = g.get("_gatehouse_standing")
    who = None if standing is None else standing.actor or standing.user
    return Origin(
        channel="web",
        address=address(),
        agent=one_line(request.headers.get("User-Agent", "")[:_LONGEST_AGENT]) or None,
        request_id=request_id(),
        actor_id=None if who is None else who.id,
        viewing=None if standing is None or standing.actor is None else standing.user.id,
        session_id=standing.public_id if standing is not None else None,
    )


def address() -> str | None:
    """Return the address that is asking, in one spelling; None if nobody can tell."""
    try:
        found = ip_address(_bare(request.remote_addr or ""))
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def _bare(text: str) -> str:
    """Return an address without zone and port, which some proxies send along."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, _ = text.partition(":")
    return host if colon and "." in host else text.partition("%")[0]


def request_id() -> str:
    """Return the name of this request, by which a person and the record can mean the same."""
    if "_gatehouse_request_id" not in g:
        g._gatehouse_request_id = tokens.new_public_id()  # noqa: SLF001 - our own key of `g`
    found: str = g._gatehouse_request_id  # noqa: SLF001
    return found
