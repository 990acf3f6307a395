"""What these tests share: a record with something in it, and what the command says of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Row, Table, select

from flask_gatehouse.core.events import Origin
from flask_gatehouse.features.audit.models import AuditLane, AuditRow
from flask_gatehouse.features.login.events import LoggedIn, LoginRefused
from flask_gatehouse.testing import GatehouseTester

ROWS: Any = AuditRow.__table__
LANES: Any = AuditLane.__table__

#: Where somebody asks from who signs in.
BROWSER = Origin(
    channel="web", address="192.0.2.7", agent="Firefox/140.0", request_id="r" * 22, session_id="s"
)

Verify = Callable[[], list[dict[str, Any]]]


def happen(tester: GatehouseTester, done: int = 0, refused: int = 0) -> None:
    """Let people come in, and be refused, each in a transaction of its own."""
    user = tester.user_id  # type: ignore[attr-defined] # set below
    works = tester.app.extensions["gatehouse"].works
    for _ in range(done):
        with works.begin(BROWSER) as work:
            work.record(LoggedIn(user_id=user, methods=("password",), remembered=False))
    for _ in range(refused):
        with works.begin(BROWSER) as work:
            work.record(LoginRefused(user_id=user, method="password", name_hash="0" * 16))


@pytest.fixture
def told(site: GatehouseTester) -> GatehouseTester:
    """A site with an account, six rows of what was done and four of what was refused."""
    site.user_id = site.add_user("alice").id  # type: ignore[attr-defined]
    happen(site, done=4, refused=4)
    return site


def invoke(tester: GatehouseTester, *args: str) -> Any:
    return tester.app.test_cli_runner().invoke(args=["gatehouse", "audit", *args])


def damages(tester: GatehouseTester) -> list[dict[str, Any]]:
    """Return what `verify` says, and look whether its status says the same."""
    done = invoke(tester, "verify", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == (1 if found else 0), done.output
    return found


def kinds(tester: GatehouseTester) -> list[str]:
    return [each["damage"] for each in damages(tester)]


def past_the_program(tester: GatehouseTester, *statements: Any) -> None:
    """Change the database as somebody does who has it, and not the key."""
    with tester.app.extensions["gatehouse"].works.engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def rows_of(tester: GatehouseTester, table: Table = ROWS, **equal: Any) -> list[Row[Any]]:
    """Return the rows of a table, those of the record by lane and place.

    That the record was verified is not told here, so that a test may look and go on.
    """
    order = list(table.primary_key) if table is LANES else [table.c.lane, table.c.sequence]
    wanted = [table.c[name] == value for name, value in equal.items()]
    if table is ROWS:
        wanted.append(ROWS.c.name.not_in(["audit.verified", "audit.damage_found"]))
    with tester.app.extensions["gatehouse"].works.reading() as db:
        return list(db.execute(select(table).where(*wanted).order_by(*order)).all())
