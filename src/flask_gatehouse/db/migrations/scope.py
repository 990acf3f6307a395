"""Which tables are ours, and which are the host's."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask_gatehouse.db.base import TABLE_PREFIX

VERSION_TABLE: Final = f"{TABLE_PREFIX}schema"

#: Alembic's `include_name`: name, kind, parents.
IncludeName = Callable[[str | None, str, Mapping[str, Any]], bool]


def is_ours(name: str | None) -> bool:
    """Whether a table belongs to this project."""
    return name is not None and name.startswith(TABLE_PREFIX)


def without_ours(include: IncludeName | None) -> IncludeName:
    """Return what a host's autogenerate should look at: what it did, less our tables."""

    def include_name(name: str | None, kind: str, parents: Mapping[str, Any]) -> bool:
        if kind == "table" and is_ours(name):
            return False
        return include is None or include(name, kind, parents)

    return include_name
