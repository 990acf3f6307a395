"""What `viewing` puts into the house."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.login.service import LoginStep
from flask_gatehouse.features.sessions.finding import Standing
from flask_gatehouse.features.users.belongings import Belongings
from flask_gatehouse.features.viewing import service
from flask_gatehouse.features.viewing.models import Viewing
from flask_gatehouse.features.viewing.settings import ViewingSettings
from flask_gatehouse.web.entrance import ConsoleRules
from flask_gatehouse.web.viewing import ViewRules
from flask_gatehouse.web.work import address

_ORIGIN: Final = Origin(channel="worker")


def rules(house: House) -> ViewRules:
    """Return what hosts' pages answer to whoever sees them as somebody else."""
    return ViewRules(changes=house.settings[ViewingSettings].changes)


class Watch(LoginStep):
    """Has a view be over once whoever looks may not any more. Holds no door."""

    watches = "views"

    def __init__(self, house: House) -> None:
        """Args: house: says from where the console is entered."""
        # Asked for later: while parts are made, none can be found.
        self._house = house

    def hold(self, work: Work, attempt: Attempt, wish: Wish) -> None:
        """Let pass: a view is no sign-in."""

    def stands(self, works: Works, standing: Standing) -> bool:
        """Whether whoever sees the site as somebody else still may."""
        if standing.actor is None or standing.user is None:
            return False
        if not all(each.admit(address()) for each in self._house.plugs(ConsoleRules)):
            return False
        with works.reading() as db:
            return service.may_go_on(
                works.house, db, viewer=standing.actor, user=standing.user, now=standing.at
            )


class Closing(Chore):
    """Writes down which views are over by themselves."""

    every = timedelta(minutes=1)

    def __init__(self, house: House) -> None:
        """Keep nothing: what there is stands in the table."""
        del house

    def do(self, works: Works) -> bool:
        """Close some."""
        with works.reading() as db:
            if db.scalar(select(Viewing.view).limit(1)) is None:
                return False
        with works.begin(_ORIGIN, joined=False) as work:
            return service.close_over(work) == service.BATCH


class ViewingBelongings(Belongings):
    """Who sees the site as this person, and as whom this person does."""

    name = "viewing"

    def tell(self, db: Session, user_id: UUID) -> list[Mapping[str, object]]:
        """Return when somebody looks at this moment, and whether it is this person; no names."""
        either = or_(Viewing.user_id == user_id, Viewing.actor_id == user_id)
        return [
            {
                "began_at": row.began_at,
                "expires_at": row.expires_at,
                "by_you": row.actor_id == user_id,
            }
            for row in db.scalars(select(Viewing).where(either).order_by(Viewing.began_at))
        ]

    def erase(self, work: Work, user_id: UUID) -> None:
        """End them."""
        service.forget(work, user_id=user_id)


def belongings(house: House) -> ViewingBelongings:
    """Return what is kept of a person here."""
    del house
    return ViewingBelongings()
