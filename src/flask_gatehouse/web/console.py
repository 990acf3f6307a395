"""What the console is made of: pages that it leads to, and cards on its first page."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import ClassVar

from flask_gatehouse.core.house import House
from flask_gatehouse.feature import Feature
from flask_gatehouse.web.flask_login import may


@dataclass(frozen=True, kw_only=True)
class ConsoleRules:
    """What is asked of whoever enters the console; put into the house by `admin`."""

    #: From where; none is from everywhere.
    networks: tuple[IPv4Network | IPv6Network, ...]
    #: How recent a proof has to be for changes.
    fresh_for: timedelta

    def admit(self, address: str | None) -> bool:
        """Whether the console is entered from an address; None is one that nobody can tell."""
        if not self.networks:
            return True
        return address is not None and any(ip_address(address) in each for each in self.networks)


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
    return [each for each in (*ours, *house.plugs(ConsolePage)) if may(each.needs)]


def cards(house: House) -> list[Shown]:
    """Return the cards that whoever asks may see."""
    return [
        Shown(each.template, facts)
        for each in house.plugs(Card)
        if may(each.needs) and (facts := each.facts(house)) is not None
    ]
