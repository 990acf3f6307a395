"""What somebody asks the record for, as it stands in an address. Pure rules."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Final

from flask_gatehouse.core.text import one_line

#: Events on a page.
PAGE: Final = 50

#: Events that are looked at for one page when the first of several filters has an index and the
#: others have none. Beyond them the page says how far it looked.
LOOKED_AT: Final = 20_000

#: Characters of a filter that are looked at.
_LONGEST: Final = 254

#: Ways to write the events that are carried away, by what people call them.
FORMS: Final[Mapping[str, str]] = {"json": "JSON lines", "csv": "CSV"}

#: A lane, and the place of the newest row that was seen in it.
_SEEN: Final = re.compile(r"([0-9]{1,3})\.([0-9]{1,18})")

#: More lanes than there are.
_MOST_LANES: Final = 100

#: How a cell begins that a program for tables takes for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody typed; an empty text does not matter."""

    event: str = ""
    outcome: str = ""
    person: str = ""
    actor: str = ""
    address: str = ""
    request: str = ""
    since: str = ""
    until: str = ""

    def said(self) -> dict[str, str]:
        """Return what matters, by its name."""
        return {name: value for name, value in vars(self).items() if value}


def asked(sent: Mapping[str, str]) -> Asked:
    """Return what was sent, cut and cleaned."""
    names = (each.name for each in fields(Asked))
    told = {name: one_line(sent.get(name, "")[:_LONGEST]).strip() for name in names}
    if told["outcome"] not in {"done", "refused"}:
        told["outcome"] = ""
    return Asked(**told)


def families(names: Collection[str]) -> dict[str, list[str]]:
    """Return the names of events by what stands before their dot."""
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        found.setdefault(name.partition(".")[0], []).append(name)
    return found


def members(event: str, names: Collection[str]) -> list[str]:
    """Return which events are meant: one, or all of a family.

    What nobody declares may stand in the record all the same, from a former release.
    """
    return families(names).get(event, [event])


def seen(text: str) -> dict[int, int] | None:
    """Return how far each lane was seen, as an address says it; None if it says nothing."""
    parts = text.split("-")
    found = [_SEEN.fullmatch(part) for part in parts]
    if len(parts) > _MOST_LANES or not all(found):
        return None
    return {int(each[1]): int(each[2]) for each in found if each is not None}


def written(seen: Mapping[int, int]) -> str:
    """Write for an address how far each lane was seen."""
    return "-".join(f"{lane}.{sequence}" for lane, sequence in sorted(seen.items())) or "0.0"


def cell(value: object) -> str:
    """Return a cell of a table that no program takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
