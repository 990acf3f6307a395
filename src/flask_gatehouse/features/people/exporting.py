"""Lists of people that leave the site: no secret is in them, and no cell that reckons."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.people import finding
from flask_gatehouse.features.people.events import PeopleExported
from flask_gatehouse.features.people.finding import Listed
from flask_gatehouse.features.people.rules import Wanted, harmless
from flask_gatehouse.features.people.service import EXPORT
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users.models import User

Form = Literal["csv", "jsonl"]

COLUMNS: Final = (
    "id",
    "username",
    "email",
    "administrator",
    "roles",
    "state",
    "second_step",
    "created",
    "last_signed_in",
)


def begin(work: Work, *, wanted: Wanted, form: Form, by: User | None) -> None:
    """Write down who takes whose list, before any of it leaves.

    Raises:
        NotHere: whoever asks may not.
    """
    roles.demand(work, by=by, permission=EXPORT)
    count = finding.count(work.house, work.db, wanted, now=work.now, most=None)
    work.record(PeopleExported(count=count, form=form))


def told(each: Listed) -> dict[str, object]:
    """Return what a list says of one person."""
    user = each.user
    seen = user.signed_in_at
    return {
        "id": str(user.id),
        "username": user.username,
        "email": user.email,
        "administrator": user.is_admin,
        "roles": list(each.roles),
        "state": each.state,
        "second_step": each.second_step,
        "created": user.created_at.isoformat(timespec="seconds"),
        "last_signed_in": seen.date().isoformat() if seen is not None else None,
    }


def lines(people: Iterable[Listed], *, form: Form) -> Iterator[str]:
    """Yield a list of people, a line at a time."""
    if form == "jsonl":
        for each in people:
            yield json.dumps(told(each), ensure_ascii=False) + "\n"
        return
    yield _line(COLUMNS)
    for each in people:
        yield _line(_cell(value) for value in told(each).values())


def _line(cells: Iterable[str]) -> str:
    page = io.StringIO()
    csv.writer(page).writerow([harmless(cell) for cell in cells])
    return page.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)
