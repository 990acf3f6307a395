"""What this feature puts on pages of others."""

from collections.abc import Mapping
from typing import ClassVar

from flask_gatehouse.core.house import House
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.mfa import policy, trust
from flask_gatehouse.web.gate import Piece
from flask_gatehouse.web.work import works


class Grace(Piece):
    """The card on pages of one's own, for whoever has to set up a factor."""

    place: ClassVar[str] = "account"
    template: ClassVar[str] = "gatehouse/mfa/_grace.html"

    def facts(self, house: House) -> Mapping[str, object] | None:
        """Return until when they may do without."""
        del house
        user = doorkeeper.current().account()
        if user is None:
            return None
        with works().reading() as db:
            until = policy.until(works(), db, user=user)
        return None if until is None else {"until": until}


class Box(Piece):
    """The box in the forms of the second step. Whoever confirms is always asked, and has none."""

    place: ClassVar[str] = "second step"
    template: ClassVar[str] = "gatehouse/mfa/_box.html"

    def facts(self, house: House) -> Mapping[str, object] | None:
        """Return for how many days it is good."""
        pending = doorkeeper.current().pending()
        if pending is None or pending.wish.confirms is not None:
            return None
        days = trust.days(house)
        return {"days": days} if days else None


def grace(house: House) -> Grace:
    """Return the card."""
    del house
    return Grace()


def box(house: House) -> Box:
    """Return the box."""
    del house
    return Box()
