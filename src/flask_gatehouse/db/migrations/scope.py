"""Which tables are ours, and which are the host's."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Column, MetaData, Table, Uuid
from sqlalchemy.schema import CreateTable, DropTable

from flask_gatehouse.db.base import TABLE_PREFIX

VERSION_TABLE: Final = f"{TABLE_PREFIX}schema"

#: Alembic's `include_name`: name, kind, parents.
IncludeName = Callable[[str | None, str, Mapping[str, Any]], bool]


def is_ours(name: str | None) -> bool:
    """Whether a table belongs to this project."""
    return name is not None and name.startswith(TABLE_PREFIX)


#: Alembic's `include_object`: object, name, kind, reflected, compared with.
IncludeObject = Callable[..., bool]


def offer_user_table(metadata: MetaData) -> None:
    """Let a host's models name our table of users in a foreign key, as text.

    The host's metadata gets the primary key only, and neither creates nor drops the table.
    """
    if f"{TABLE_PREFIX}user" in metadata.tables or not hasattr(Table, "set_creator_ddl"):
        return
    table = Table(f"{TABLE_PREFIX}user", metadata, Column("id", Uuid, primary_key=True))
    table.set_creator_ddl(CreateTable(table).execute_if(callable_=_never))
    table.set_dropper_ddl(DropTable(table).execute_if(callable_=_never))


def _never(*_: object, **__: object) -> bool:
    return False


def without_our_objects(include: IncludeObject | None) -> IncludeObject:
    """Return what a host's autogenerate should compare: what it did, less our tables."""

    def include_object(*told: Any) -> bool:  # noqa: ANN401 - object, name, kind, reflected, other
        _, name, kind, *_ = told
        if kind == "table" and is_ours(name):
            return False
        return include is None or include(*told)

    return include_object


def without_ours(include: IncludeName | None) -> IncludeName:
    """Return what a host's autogenerate should look at: what it did, less our tables."""

    def include_name(name: str | None, kind: str, parents: Mapping[str, Any]) -> bool:
        if kind == "table" and is_ours(name):
            return False
        return include is None or include(name, kind, parents)

    return include_name
