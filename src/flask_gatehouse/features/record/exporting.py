"""Carry a part of the record away: as a file, bounded, and written down."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Final

from sqlalchemy import func, select

from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.audit import reading
from flask_gatehouse.features.audit.reading import RECORD, Wanted
from flask_gatehouse.features.audit.telling import NAMES, told
from flask_gatehouse.features.record import rules
from flask_gatehouse.features.record.errors import TooMuch
from flask_gatehouse.features.record.events import RecordExported
from flask_gatehouse.features.record.rules import Asked
from flask_gatehouse.features.record.settings import RecordSettings
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User

#: As much later as the record can tell.
_INSTANT: Final = timedelta(microseconds=1)

#: The permission to do so.
MAY: Final = "record.export"


def begin(work: Work, *, by: User, asked: Asked, wanted: Wanted, form: str) -> Wanted:
    """Write down that somebody carries events away; return which they are.

    Raises:
        NotHere: they may not, or not any more.
        TooMuch: they are more than are handed out at once.
    """
    most = work.settings(RecordSettings).export_limit
    # What happens from now on is not part of it, so a file has an end.
    end = work.now + _INSTANT
    bounded = replace(wanted, until=min(wanted.until or end, end))
    rows = _count(work, bounded, most)
    if rows > most:
        raise TooMuch(most=most)
    users.hold_administration(work)
    roles.demand(work, by=by, permission=MAY)
    work.record(RecordExported(form=form, rows=rows, filters=tuple(asked.said())))
    return bounded


def lines(works: Works, wanted: Wanted, *, form: str) -> Iterator[str]:
    """Yield the file, the oldest event first; a page of the record is in memory at a time."""
    most = works.house.settings[RecordSettings].export_limit
    rows = (told(row) for row in islice(reading.oldest_first(works, wanted), most))
    if form == "json":
        yield from (f"{json.dumps(row)}\n" for row in rows)
        return
    yield _line(NAMES)
    for row in rows:
        cells = {**row, "facts": json.dumps(row["facts"])}
        yield _line([rules.cell(value) for value in cells.values()])


def _line(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _count(work: Work, wanted: Wanted, most: int) -> int:
    """Count the events, and no further than has to be known."""
    some = select(RECORD.c.id).where(*wanted.condition()).limit(most + 1).subquery()
    with work.reading() as db:
        return db.scalar(select(func.count()).select_from(some)) or 0
