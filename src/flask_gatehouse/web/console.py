"""What the console is made of: pages that it leads to, and cards on its first page."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from flask import current_app

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.house import House
from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.feature import Feature
from flask_gatehouse.web.access import may_enter
from flask_gatehouse.web.flask_login import may
from flask_gatehouse.web.protecting import UNMARKED, Protection, who


@dataclass(frozen=True, kw_only=True)
class ConsolePage:
    """A page that the console has a tab for. It guards itself: the tab lets nobody in.

    A host puts one in for a view of its own that is marked by `permissions_required`.
    """

    #: Name of the view.
    endpoint: str
    #: What the tab says.
    label: str
    #: The permission without which the tab is not shown.
    needs: str


class Card(ABC):
    """A card on the first page of the console, put in by a feature or a host."""

    #: The permission without which it is not shown.
    needs: ClassVar[str]
    #: Its template, in which `card` is what `facts` returns.
    template: ClassVar[str]

    @abstractmethod
    def facts(self, house: House) -> Mapping[str, object] | None:
        """Return what the template needs, or None while there is nothing to show."""


@dataclass(frozen=True)
class Shown:
    """A card that is shown on the page that is being made."""

    template: str
    facts: Mapping[str, object]


def declared(given: Iterable[object], permissions: Permissions) -> tuple[object, ...]:
    """Return what a host puts into the console.

    Raises:
        Misconfigured: it is neither a page nor a card, or it needs what nobody declares.
    """
    found = tuple(given)
    for each in found:
        if not isinstance(each, (ConsolePage, Card)):
            msg = f"{each!r} is neither a ConsolePage nor a Card, so the console cannot show it."
            raise Misconfigured(msg)
        needs = getattr(each, "needs", None)
        if needs not in permissions.names:
            what = each.label if isinstance(each, ConsolePage) else type(each).__name__
            msg = f"{what} in the console needs {needs!r}, a permission that nobody declares."
            raise Misconfigured(msg)
    return found


def _guarded(house: House, page: ConsolePage) -> ConsolePage:
    """Return a page of the host. Raises: Misconfigured: there is no such view, or anyone may in."""
    app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - the application itself
    if page.endpoint not in app.view_functions:
        msg = f"{page.label} in the console leads to {page.endpoint!r}, and there is no such view."
        raise Misconfigured(msg)
    if who(app, house.part(Protection), page.endpoint, "GET") in {UNMARKED, "public"}:
        msg = (
            f"{page.label} in the console leads to {page.endpoint!r}, which anyone may open: mark "
            f'it by @permissions_required("{page.needs}").'
        )
        raise Misconfigured(msg)
    return page


def tabs(house: House, features: Iterable[Feature]) -> list[ConsolePage]:
    """Return the pages that whoever asks may open, ours first."""
    ours = (
        ConsolePage(
            endpoint=f"gatehouse.{feature.name}.{route.endpoint}",
            label=route.console,
            needs=route.needs,
        )
        for feature in features
        for route in feature.routes
        if route.console is not None and route.needs is not None
    )
    theirs = (_guarded(house, each) for each in house.plugs(ConsolePage))
    return [each for each in (*ours, *theirs) if may(each.needs)]


def cards(house: House) -> list[Shown]:
    """Return the cards that whoever asks may see."""
    return [
        Shown(each.template, facts)
        for each in house.plugs(Card)
        if may_enter(each.needs) and (facts := each.facts(house)) is not None
    ]
