"""Read what happened to one account. Whose it is stands in the statement."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, and_, or_, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.events import Vocabulary
from flask_gatehouse.core.house import House
from flask_gatehouse.core.places import Places
from flask_gatehouse.features.activity.rules import PAGE
from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.audit.places import Place
from flask_gatehouse.features.audit.reading import done_by_another
from flask_gatehouse.features.devices.rules import described

_SHOWN: Final[tuple[Any, ...]] = (
    AuditRow.at,
    AuditRow.id,
    AuditRow.name,
    AuditRow.outcome,
    AuditRow.channel,
    AuditRow.user_id,
    AuditRow.actor_id,
    AuditRow.address,
    AuditRow.agent,
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened, as the person reads it."""

    place: Place
    sentence: str
    at: datetime
    refused: bool
    #: Whether it was asked for in a browser; otherwise by whoever runs the site.
    in_a_browser: bool
    address: str | None
    #: What the browser said it is.
    described: str
    #: Where the address is, if the host can tell.
    whereabouts: str | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some entries, the newest first."""

    entries: list[Entry]
    #: Where the newer ones end and the older ones begin; None if there are none.
    newer: Place | None
    older: Place | None


def page(
    house: House,
    db: Session,
    *,
    user_id: UUID,
    before: Place | None = None,
    after: Place | None = None,
) -> Page:
    """Return a page of what happened to an account.

    Args:
        before: only what is older than this place.
        after: only what is newer than this place; asked for when going back.
    """
    sentences = house.part(Vocabulary).sentences()
    own = _own(user_id, sentences)
    if after is not None:
        found = _read(db, own.where(_newer(after)), oldest_first=True)
        rows, more_newer, more_older = found[:PAGE][::-1], len(found) > PAGE, True
    else:
        found = _read(db, own if before is None else own.where(_older(before)), oldest_first=False)
        rows, more_newer, more_older = found[:PAGE], before is not None, len(found) > PAGE
    hidden = house.part(Vocabulary).of_whoever_runs_the_site()
    entries = [_entry(row, sentences, hidden) for row in rows]
    return Page(
        entries=entries,
        newer=entries[0].place if entries and more_newer else None,
        older=entries[-1].place if entries and more_older else None,
    )


def located(house: House, page: Page) -> Page:
    """Return the page with the places of its addresses.

    The host may ask anybody for them, so no connection to the database is held meanwhile.
    """
    # Each address is asked for once, however often it is on the page.
    whereabouts = cache(house.part(Places).of)
    entries = [replace(each, whereabouts=whereabouts(each.address)) for each in page.entries]
    return replace(page, entries=entries)


def _own(user_id: UUID, sentences: Mapping[str, str]) -> Select[Any]:
    # Not the facts: nobody else's words are ever on the page.
    return select(*_SHOWN).where(AuditRow.user_id == user_id, AuditRow.name.in_(list(sentences)))


def _read(db: Session, own: Select[Any], *, oldest_first: bool) -> list[Row[Any]]:
    """Return one row more than a page has, to tell whether there is another."""
    order = (AuditRow.at, AuditRow.id)
    ordered = own.order_by(*(order if oldest_first else (column.desc() for column in order)))
    return list(db.execute(ordered.limit(PAGE + 1)).all())


def _older(place: Place) -> Any:  # noqa: ANN401 - a condition as SQLAlchemy has it
    here = and_(AuditRow.at == place.at, AuditRow.id < place.id)
    return and_(AuditRow.at <= place.at, or_(AuditRow.at < place.at, here))


def _newer(place: Place) -> Any:  # noqa: ANN401 - a condition as SQLAlchemy has it
    here = and_(AuditRow.at == place.at, AuditRow.id > place.id)
    return and_(AuditRow.at >= place.at, or_(AuditRow.at > place.at, here))


def _entry(row: Row[Any], sentences: Mapping[str, str], hidden: Collection[str]) -> Entry:
    # Where somebody else was who did it, and with which browser, is nothing to the person.
    own = row.name not in hidden and not done_by_another(row)
    return Entry(
        place=Place(row.at, row.id),
        sentence=sentences[row.name],
        at=row.at,
        refused=row.outcome == "refused",
        in_a_browser=own and row.channel == "web",
        address=row.address if own else None,
        described=described(row.agent if own else None),
    )
