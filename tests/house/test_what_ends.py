"""Every table says what becomes of its rows, and what ends goes, a few at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Engine,
    Integer,
    LargeBinary,
    Table,
    Uuid,
    event,
    func,
    insert,
    select,
)

from flask_gatehouse.db.base import Base, UtcDateTime, new_id
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.features.roles.models import Role
from flask_gatehouse.features.statistics.models import CountedBucket, Statistic
from flask_gatehouse.testing import GatehouseTester

#: Rows that are there as long as what they belong to, and go with it.
LASTS: Final = frozenset(
    {
        # Accounts, and what there is one or a few of for each account.
        "gatehouse_user",
        "gatehouse_identifier",
        "gatehouse_password",
        "gatehouse_factor",
        "gatehouse_totp",
        "gatehouse_passkey",
        "gatehouse_passkey_owner",
        "gatehouse_recovery_code",
        "gatehouse_mfa_account",
        "gatehouse_first_sign_in",
        "gatehouse_idle_warning",
        # What administrators make, and what there is a fixed number of.
        "gatehouse_role",
        "gatehouse_role_permission",
        "gatehouse_webhook",
        "gatehouse_administration",
        "gatehouse_audit_lane",
        # Kept until somebody calls `audit prune`, which is not for the site to do.
        "gatehouse_audit",
        # Swept by whoever counts, whether the database or Redis keeps the counters.
        "gatehouse_throttle",
        # What is over is whole accounts: `registration` and `leaving` have tests of their own.
        "gatehouse_registration",
        "gatehouse_departure",
        "gatehouse_factor_reset",
    }
)

Facts = Callable[[datetime], dict[str, Any]]

#: What ends by itself, and how a row looks that ended long ago.
ENDS: Final[dict[str, Facts]] = {
    "gatehouse_session": lambda then: {"expires_at": then, "subject": None},
    "gatehouse_pending_sign_in": lambda then: {"expires_at": then},
    "gatehouse_trusted_device": lambda then: {"expires_at": then},
    "gatehouse_proof": lambda then: {"expires_at": then},
    "gatehouse_passkey_challenge": lambda then: {"expires_at": then},
    "gatehouse_totp_setup": lambda then: {"expires_at": then},
    "gatehouse_invited": lambda then: {"expires_at": then},
    "gatehouse_kept_name": lambda then: {"until": then},
    "gatehouse_user_role": lambda then: {"until": then},
    "gatehouse_viewing": lambda then: {"expires_at": then},
    "gatehouse_outbox": lambda then: {"next_try_at": then, "sent_at": then, "text": ""},
    "gatehouse_webhook_delivery": lambda then: {"next_try_at": then, "delivered_at": then},
    "gatehouse_statistic": lambda then: {"bucket": then, "span": 1},
    "gatehouse_statistic_bucket": lambda then: {"bucket": then, "span": 1},
}

#: Rows of a table, more than are deleted at once, and of sessions.
MANY: Final = 120
OF_SESSIONS: Final = 520

#: What is so little, an hour's or a day's numbers, that it goes at once.
AT_ONCE: Final = frozenset({"gatehouse_statistic", "gatehouse_statistic_bucket"})

LONG_AGO: Final = timedelta(days=500)


def test_every_table_says_what_becomes_of_its_rows() -> None:
    assert set(ENDS) | LASTS == set(Base.metadata.tables)
    assert not set(ENDS) & LASTS


def value(column: Column[Any], number: int, then: datetime) -> Any:
    """Return something that a column takes, another one for each number."""
    kind = column.type
    length = getattr(getattr(kind, "impl_instance", kind), "length", None) or 22
    of_kind: tuple[tuple[type, Any], ...] = (
        (Uuid, new_id()),
        (UtcDateTime, then - timedelta(hours=number)),
        (Boolean, False),
        (Integer, number),
        (JSON, {}),
        (LargeBinary, f"{number:032}".encode()),
        (object, f"{number:022}"[-length:]),
    )
    return next(made for each, made in of_kind if isinstance(kind, each))


def fill(site: GatehouseTester, name: str, user_id: UUID, roles: list[UUID]) -> int:
    """Put rows into a table that ended long ago; return how many."""
    table: Table = Base.metadata.tables[name]
    then = site.clock.now() - LONG_AGO
    count = OF_SESSIONS if name == "gatehouse_session" else MANY
    rows = []
    for number in range(count):
        row: dict[str, Any] = {}
        for column in table.columns:
            to = {key.column.table.name for key in column.foreign_keys}
            if "gatehouse_user" in to:
                row[column.name] = user_id
            elif "gatehouse_role" in to:
                row[column.name] = roles[number]
            elif not column.nullable:
                row[column.name] = value(column, number, then)
        facts = ENDS[name](then - timedelta(hours=number))
        rows.append({**row, **facts})
    with site.work() as work:
        work.db.execute(insert(table), rows)
    return count


def make_roles(site: GatehouseTester) -> list[UUID]:
    now = site.clock.now()
    ids = [new_id() for _ in range(MANY)]
    rows = [
        {"id": each, "name": f"role-{n}", "about": "", "created_at": now, "updated_at": now}
        for n, each in enumerate(ids)
    ]
    with site.work() as work:
        work.db.execute(insert(Role), rows)
    return ids


@contextmanager
def largest_portions(engine: Engine) -> Iterator[dict[str, int]]:
    """Give the most rows that one transaction deleted, by table."""
    largest: dict[str, int] = {}
    here: dict[tuple[int, str], int] = {}

    def deleted(connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM "):
            table = statement.split()[2]
            key = (id(connection.connection.dbapi_connection), table)
            here[key] = here.get(key, 0) + max(cursor.rowcount, 0)
            largest[table] = max(largest.get(table, 0), here[key])

    def over(connection: Any) -> None:
        which = id(connection.connection.dbapi_connection)
        for key in [key for key in here if key[0] == which]:
            del here[key]

    listeners = (("after_cursor_execute", deleted), ("commit", over), ("rollback", over))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    yield largest
    for name, listener in listeners:
        event.remove(engine, name, listener)


def count(site: GatehouseTester, name: str) -> int:
    with site.work() as work:
        return work.db.scalar(select(func.count()).select_from(Base.metadata.tables[name])) or 0


def test_what_is_over_is_cleared_away_in_small_portions(site: GatehouseTester) -> None:
    user_id, roles = site.add_user().id, make_roles(site)
    filled = {name: fill(site, name, user_id, roles) for name in ENDS}
    works = site.app.extensions["gatehouse"].works

    with site.app.app_context(), largest_portions(works.engine) as largest:
        for chore in works.house.plugs(Chore):
            for _ in range(MANY * 2):
                if not chore.do(works):
                    break
            else:
                pytest.fail(f"{chore.label} never comes to an end")

    old = {name: count(site, name) for name in ENDS if name not in AT_ONCE}
    assert old == dict.fromkeys(old, 0)
    assert sorted(name for name in old if not 0 < largest[name] < filled[name]) == []
    with site.work() as work:
        for model in (Statistic, CountedBucket):
            before = model.bucket < site.clock.now() - timedelta(days=401)
            assert work.db.scalar(select(func.count()).select_from(model).where(before)) == 0
