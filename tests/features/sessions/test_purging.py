"""Clearing away sessions that are over: by whoever serves, and by command."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import func, insert, select

from flask_gatehouse import User
from flask_gatehouse.core import tokens
from flask_gatehouse.db.upkeep import Upkeep
from flask_gatehouse.features.sessions import purging
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.sessions.rules import BROWSER
from flask_gatehouse.testing import GatehouseTester


def works_of(site: GatehouseTester) -> Any:
    return site.app.extensions["gatehouse"].works


def command(site: GatehouseTester, *args: str) -> Result:
    return site.app.test_cli_runner().invoke(args=["gatehouse", "sessions", *args])


def count(site: GatehouseTester, model: Any = Session) -> int:
    with site.work() as work:
        return work.db.scalar(select(func.count()).select_from(model)) or 0


def fill(site: GatehouseTester, user: User, number: int, *, over: timedelta) -> None:
    """Add sessions that were over so long ago, as rows."""
    then = site.clock.now() - over
    rows = [
        {
            "digest": tokens.digest(str(n), b"a key of the test"),
            "public_id": tokens.new_public_id(),
            "sign_in_id": tokens.new_public_id(),
            "user_id": user.id,
            "kind": BROWSER,
            "epoch": 1,
            "created_at": then - timedelta(days=1),
            "last_seen_at": then - timedelta(hours=1),
            "idle_expires_at": then,
            "expires_at": then,
            "methods": "password",
            "assurance": 1,
        }
        for n in range(number)
    ]
    with site.work() as work:
        work.db.execute(insert(Session), rows)


def test_the_command_deletes_what_is_over_and_nothing_else(site: GatehouseTester) -> None:
    client = site.client(site.add_user("alice"))
    fill(site, site.add_user("bob"), 1203, over=timedelta(0))

    done = command(site, "purge", "--batch", "100")

    assert done.output == "Deleted 1203 sessions that were over.\n"
    assert count(site) == 1
    assert client.get("/account/").status_code == 200
    assert command(site, "purge").output == "Deleted 0 sessions that were over.\n"


@pytest.mark.parametrize("size", ["0", "10001", "many"])
def test_a_batch_has_bounds(tester: GatehouseTester, size: str) -> None:
    assert command(tester, "purge", "--batch", size).exit_code == 2


def test_what_is_only_idle_stays_until_it_is_over(site: GatehouseTester) -> None:
    site.client(site.add_user("alice"))
    site.clock.move(timedelta(hours=2))
    assert purging.purge(works_of(site), most=500).deleted == 0
    site.clock.move(timedelta(hours=22))
    assert purging.purge(works_of(site), most=500).deleted == 1


def test_several_processes_delete_each_row_once(site: GatehouseTester) -> None:
    fill(site, site.add_user("alice"), 2000, over=timedelta(days=1))
    gate = threading.Barrier(4)

    def clear() -> int:
        gate.wait(timeout=60)
        total, more = 0, True
        while more:
            swept = purging.purge(works_of(site), most=100)
            total, more = total + swept.deleted, swept.more
        return total

    with ThreadPoolExecutor(4) as pool:
        totals = list(pool.map(lambda _: clear(), range(4)))
    assert (sum(totals), count(site)) == (2000, 0)


@pytest.mark.parametrize("database_url", ["postgres", "mariadb"], indirect=True)
def test_a_row_that_somebody_holds_holds_nobody_up(site: GatehouseTester) -> None:
    fill(site, site.add_user("alice"), 10, over=timedelta(days=1))
    with site.work() as work:
        work.db.scalars(select(Session).limit(1).with_for_update()).one()
        with ThreadPoolExecutor(1) as pool:
            swept = pool.submit(purging.purge, works_of(site), most=100).result(timeout=30)
    assert (swept.deleted, count(site)) == (9, 1)


def test_a_site_that_runs_does_it_piece_by_piece(
    site: GatehouseTester, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(site, site.add_user("alice"), 1100, over=timedelta(days=1))
    # So that its first turn comes within the patience of a test.
    monkeypatch.setattr(purging.Purge, "every", timedelta(milliseconds=10))
    upkeep = site.app.extensions["gatehouse"].house.part(Upkeep)
    upkeep.start(works_of(site), inside=site.app.app_context)
    while count(site):
        threading.Event().wait(0.02)
    assert upkeep.running
    upkeep.stop()
    assert not upkeep.running


def test_upkeep_outlives_a_database_that_is_away(
    tester: GatehouseTester, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    works = works_of(tester)
    monkeypatch.setattr(purging.Purge, "every", timedelta(milliseconds=10))
    with works.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gatehouse_session RENAME TO elsewhere")
    upkeep = tester.app.extensions["gatehouse"].house.part(Upkeep)
    upkeep.start(works, inside=tester.app.app_context)
    while "upkeep failed" not in caplog.text:
        threading.Event().wait(0.02)
    assert upkeep.running
    upkeep.stop()
