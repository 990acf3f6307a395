"""What `statistics` puts into the house."""

from collections.abc import Mapping

from flask_gatehouse.core.house import House
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.features.statistics import service
from flask_gatehouse.features.statistics.upkeeping import Counting
from flask_gatehouse.web.console import Card
from flask_gatehouse.web.work import works


class LastDay(Card):
    """What happened in the last 24 hours."""

    needs = "statistics.read"
    template = "gatehouse/statistics/card.html"

    def facts(self, house: House) -> Mapping[str, object]:
        """Return the numbers; before the first count there are none."""
        with works().reading() as db:
            numbers = service.last_day(db, now=house.clock.now())
        if not numbers:
            return {"counted": False}
        return {
            "counted": True,
            "signed_in": numbers["sign-ins Signed in"],
            "refused": numbers["sign-ins Refused"],
            "limits": numbers["limits Limits reached"],
            "letters": numbers["letters Given up"],
        }


def card(house: House) -> Card:
    """Return the card on the first page of the console."""
    del house
    return LastDay()


def chore(house: House) -> Chore:
    """Return what counts beside the requests."""
    del house
    return Counting()
