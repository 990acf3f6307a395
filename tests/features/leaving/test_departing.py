"""An account is closed by its owner, opened again by a letter, or gone after a while."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.features.leaving import departing
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester
from tests import forms

GONE = timedelta(days=14)


def leave(client: Any) -> Any:
    token = forms.token(client.get("/account/leave/"))
    return client.post("/account/leave/delete/", data={"csrf_token": token})


def left(site: GatehouseTester) -> tuple[User, str]:
    """Return an account that its owner has deleted, and the secret of the way back."""
    alice = site.add_user("alice", email="alice@example.org")
    assert leave(site.client(alice)).location == "/login/"
    return alice, way_back(site)


def way_back(site: GatehouseTester) -> str:
    body = site.mails()[-1].get_body(("plain",))
    assert body is not None
    found = re.search(r"/leave/undo/([^/]+)/", body.get_content())
    assert found is not None
    return found[1]


def come_back(site: GatehouseTester, secret: str) -> Any:
    client = site.client()
    page = client.get(f"/leave/undo/{secret}/", follow_redirects=True)
    if page.status_code != 200:
        return page
    return client.post("/leave/undo/", data={"csrf_token": forms.token(page)})


def erase_due(site: GatehouseTester) -> None:
    works = site.app.extensions["gatehouse"].works
    departing.Erasing(works.house).do(works)


def exists(site: GatehouseTester, name: str = "alice") -> bool:
    with site.work() as work:
        return users.find(work.db, name) is not None


def test_leaving_closes_the_account_and_ends_every_session(site: GatehouseTester) -> None:
    alice = site.add_user("alice", email="alice@example.org")
    here, there = site.client(alice), site.client(alice)
    assert leave(here).location == "/login/"
    for client in (here, there):
        assert client.get("/account/").status_code == 302
    assert forms.sign_in(site.client()).status_code == 401
    assert exists(site)


def test_rst_01_the_way_back_works_once(site: GatehouseTester) -> None:
    _, secret = left(site)
    site.client().head(f"/leave/undo/{secret}/")
    assert come_back(site, secret).location == "/login/"
    assert come_back(site, secret).status_code == 409
    assert forms.sign_in(site.client()).status_code == 303


def test_the_account_is_gone_after_the_grace_period_and_not_before(site: GatehouseTester) -> None:
    _, secret = left(site)
    erase_due(site)
    assert exists(site)
    site.clock.move(GONE)
    erase_due(site)
    assert not exists(site)
    assert come_back(site, secret).status_code == 409


def test_who_came_back_is_not_erased(site: GatehouseTester) -> None:
    _, secret = left(site)
    come_back(site, secret)
    site.clock.move(GONE)
    erase_due(site)
    assert exists(site)


def test_eml_07_the_way_back_opens_nothing_that_an_administrator_closed(
    site: GatehouseTester,
) -> None:
    _, secret = left(site)
    site.add_user("root", admin=True)
    with site.work() as work:
        users.suspend(work, user=users.named(work.db, "alice"))
    assert come_back(site, secret).status_code == 409
    assert forms.sign_in(site.client()).status_code == 401
    site.clock.move(GONE)
    erase_due(site)
    assert exists(site)


def test_whom_an_administrator_opened_again_is_not_erased(site: GatehouseTester) -> None:
    left(site)
    with site.work() as work:
        users.restore(work, user=users.named(work.db, "alice"))
    site.clock.move(GONE)
    erase_due(site)
    assert exists(site)


def test_the_last_administrator_cannot_leave(site: GatehouseTester) -> None:
    root = site.add_user("root", admin=True)
    client = site.client(root)
    assert leave(client).location == "/account/leave/"
    assert "last active administrator" in client.get("/account/leave/").text


def test_leaving_asks_who_it_is_again(site: GatehouseTester) -> None:
    client = site.client(site.add_user("alice"))
    site.clock.move(timedelta(minutes=20))
    assert "/confirm/" in leave(client).location


def test_of_coming_back_and_erasing_at_once_one_wins(site: GatehouseTester) -> None:
    _, secret = left(site)
    with site.work() as work:
        work.db.execute(text("UPDATE gatehouse_departure SET erase_at = asked_at"))
    together = threading.Barrier(4)

    def back() -> bool:
        together.wait()
        try:
            with site.work() as work:
                departing.undo(work, secret=secret)
        except Refusal:
            return False
        return True

    def erase() -> None:
        together.wait()
        erase_due(site)

    with ThreadPoolExecutor(4) as threads:
        runs: list[Any] = [threads.submit(each) for each in (back, erase, back, erase)]
        came_back = [run.result() for run in runs].count(True)
    assert came_back == exists(site)


def test_the_command_line_lists_who_is_leaving_and_when(site: GatehouseTester) -> None:
    left(site)
    site.clock.move(timedelta(days=1))
    for name in ("ben", "carol"):
        leave(site.client(site.add_user(name)))
    with site.work() as work:
        users.suspend(work, user=users.named(work.db, "carol"))
    run = site.app.test_cli_runner().invoke
    lines = run(args=["gatehouse", "users", "departures"]).stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["alice", "ben"]
    told = run(args=["gatehouse", "users", "departures", "--json"]).stdout.splitlines()[0]
    dates = [datetime.fromisoformat(json.loads(told)[key]) for key in ("asked", "erased")]
    assert dates[1] - dates[0] == GONE


@pytest.mark.parametrize("rows", [True, False])
def test_rows_of_a_host_hold_up_their_own_account_only(tester: GatehouseTester, rows: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    alice, _ = left(tester)
    if rows:
        with tester.work() as work:
            make = "CREATE TABLE notes (owner CHAR(32) REFERENCES gatehouse_user (id))"
            work.db.execute(text(make))
            work.db.execute(text("INSERT INTO notes VALUES (:id)"), {"id": alice.id.hex})
    assert leave(tester.client(tester.add_user("ben"))).location == "/login/"
    tester.clock.move(GONE)
    erase_due(tester)
    assert exists(tester) == rows
    assert not exists(tester, "ben")
