"""What the page that asks for a password offers beside it: other ways in, and ways back."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

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


def links(house: House) -> list[Link]:
    """Return what is offered at the moment."""
    return [link for each in house.plugs(GateLink) if (link := each.offer(house)) is not None]
