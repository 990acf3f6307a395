"""Whom somebody looks for, and where in the list they are. Pure rules."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

from flask_gatehouse.core.text import one_line
from flask_gatehouse.features.users.rights import ADMINISTRATOR

State = Literal["active", "suspended", "deactivated", "leaving", "unconfirmed"]
Sort = Literal["name", "created", "seen"]

STATES: Final[Mapping[State, str]] = {
    "active": "Active",
    "suspended": "Suspended",
    "deactivated": "Deactivated",
    "leaving": "Leaving",
    "unconfirmed": "No confirmed address",
}
SORTS: Final[Mapping[Sort, str]] = {
    "name": "User name",
    "created": "Newest first",
    "seen": "Last signed in",
}

#: Characters of a search that are looked at.
_LONGEST_SEARCH: Final = 100
_LONGEST_ROLE: Final = 64
_LONGEST_PLACE: Final = 1000

#: A character that no name has.
_NOWHERE: Final = "\ufffd"

#: Days that somebody may ask for.
_MOST_DAYS: Final = 36500

#: With these a program that opens tables begins to reckon.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Whom somebody looks for; whatever is empty does not matter."""

    #: Beginning of a user name or address, folded.
    search: str = ""
    #: Whether it may also stand anywhere else in them.
    anywhere: bool = False
    #: Name of a role, or `administrator`.
    role: str = ""
    state: State | None = None
    #: Whether they have a second step.
    factor: bool | None = None
    #: Not signed in since so many days.
    idle_days: int | None = None
    sort: Sort = "name"

    @property
    def narrows(self) -> bool:
        """Whether it leaves anybody out."""
        return replace(self, sort="name", anywhere=False) != Wanted()

    @property
    def administrators(self) -> bool:
        """Whether only administrators are looked for."""
        return self.role == ADMINISTRATOR

    def fields(self) -> dict[str, str]:
        """Return it as the fields of which `wanted` makes it again."""
        told = {
            "q": self.search,
            "anywhere": "1" if self.anywhere else "",
            "role": self.role,
            "state": self.state or "",
            "factor": {None: "", True: "with", False: "without"}[self.factor],
            "idle": "" if self.idle_days is None else str(self.idle_days),
            "sort": "" if self.sort == "name" else self.sort,
        }
        return {name: value for name, value in told.items() if value}


def wanted(fields: Mapping[str, str]) -> Wanted:
    """Return whom fields ask for; what means nothing is left out."""
    state, sort = fields.get("state", ""), fields.get("sort", "")
    return Wanted(
        search=folded(fields.get("q", "")),
        anywhere=fields.get("anywhere") == "1",
        role=fields.get("role", "")[:_LONGEST_ROLE],
        state=next((each for each in STATES if each == state), None),
        factor={"with": True, "without": False}.get(fields.get("factor", "")),
        idle_days=_days(fields.get("idle", "")),
        sort=next((each for each in SORTS if each == sort), "name"),
    )


def typed(fields: Mapping[str, str]) -> str:
    """Return the search as it was typed, as far as it is looked at."""
    return fields.get("q", "")[:_LONGEST_SEARCH].strip()


def folded(search: str) -> str:
    """Return what is looked for as names are stored."""
    wanted = search[:_LONGEST_SEARCH].strip()
    clean = wanted.replace("\0", _NOWHERE).encode("utf-8", "replace").decode()
    # What has nothing left is in nobody's name, and is no search for everybody.
    return one_line(clean).strip().casefold() or (_NOWHERE if wanted else "")


def _days(text: str) -> int | None:
    if re.fullmatch(r"[0-9]{1,5}", text) is None:
        return None
    days = int(text)
    return days if 1 <= days <= _MOST_DAYS else None


@dataclass(frozen=True)
class Place:
    """Where in the list a row stands: its keys, which are only values."""

    sort: Sort
    #: In which part of the list; the part without a moment comes last.
    part: int
    #: What the row is put in order by, and its id.
    key: str | datetime | None
    user_id: UUID

    def __str__(self) -> str:
        """Return it as a page's address holds it."""
        key = self.key.isoformat() if isinstance(self.key, datetime) else self.key
        told = json.dumps([self.sort, self.part, key, self.user_id.hex], separators=(",", ":"))
        return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def place(text: str | None, *, sort: Sort) -> Place | None:
    """Return the place that an address names in a list of this order; None for anything else."""
    if not text or re.fullmatch(rf"[A-Za-z0-9_-]{{1,{_LONGEST_PLACE}}}", text) is None:
        return None
    try:
        told = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        named, part, key, user_id = told
        found = Place(sort, part, _key(sort, part, key), UUID(hex=user_id))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return found if named == sort and str(found) == text else None


def _key(sort: Sort, part: object, key: object) -> str | datetime | None:
    if type(part) is not int:
        raise TypeError
    if (sort, part, key) == ("seen", 1, None):
        return None
    # A list in the order of names has two parts if beginnings are looked for.
    if part not in ((0, 1) if sort == "name" else (0,)) or not isinstance(key, str):
        raise ValueError
    if sort == "name":
        if "\0" in key or key.encode("utf-8", "replace").decode() != key:
            raise ValueError
        return key
    moment = datetime.fromisoformat(key)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)


def user_id(text: str) -> UUID | None:
    """Return the id that an address names in its one spelling."""
    if re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", text) is None:
        return None
    return UUID(text)


def harmless(text: str) -> str:
    """Return a cell that no program takes for a formula.

    Source: OWASP ASVS 5.0 1.2.10.
    """
    return f"'{text}" if text.startswith(_FORMULAS) else text


def moment(day: str) -> datetime | None:
    """Return the beginning of the day that a form names, in UTC; None without one.

    Raises:
        ValueError: it is no day.
    """
    if not day:
        return None
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day) is None:
        raise ValueError
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


#: Names of people that one sentence has room for.
_NAMED: Final = 3


def named(names: Sequence[str]) -> str:
    """Return some names, and how many others there are."""
    shown = ", ".join(names[:_NAMED])
    others = len(names) - _NAMED
    if others <= 0:
        return shown
    return f"{shown} and {others:,} other{'s' if others > 1 else ''}"
