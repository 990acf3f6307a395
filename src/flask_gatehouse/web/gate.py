"""What pages of one feature show of another: other ways in and back, and whole pieces of a page."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from flask_gatehouse.core.house import House


@dataclass(frozen=True)
class Link:
    """A page, and what its link says."""

    endpoint: str
    label: str
    #: Whether one can log in there, and so wants to go on to the same page afterwards.
    leads_in: bool = False


class GateLink(ABC):
    """Answered by each feature that has such a page."""

    @abstractmethod
    def offer(self, house: House) -> Link | None:
        """Return the link, or None while there is nothing behind it."""


class Piece(ABC):
    """A piece of a page, put in by a feature that the page's own feature knows nothing of."""

    #: Where it stands: `login`, `confirm`, `register`, `account`, `factors` or `second step`.
    place: ClassVar[str]
    #: Its template, in which `piece` is what `facts` returns.
    template: ClassVar[str]

    @abstractmethod
    def facts(self, house: House) -> Mapping[str, object] | None:
        """Return what the template needs, or None while there is nothing to show."""


@dataclass(frozen=True)
class Shown:
    """A piece that is shown on the page that is being made."""

    template: str
    facts: Mapping[str, object]


def pieces(house: House, place: str) -> list[Shown]:
    """Return what features put at this place at the moment."""
    return [
        Shown(each.template, facts)
        for each in house.plugs(Piece)
        if each.place == place and (facts := each.facts(house)) is not None
    ]


def links(house: House) -> list[Link]:
    """Return what is offered at the moment."""
    return [link for each in house.plugs(GateLink) if (link := each.offer(house)) is not None]
