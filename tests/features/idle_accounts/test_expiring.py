"""Accounts that nobody uses: one letter, then they are put aside; whoever signs in keeps theirs."""

import json
from datetime import timedelta
from typing import Any

import pytest

from flask_gatehouse.core.events import Origin
from flask_gatehouse.features.idle_accounts import expiring
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.flows.test_races import at_once

AFTER, WARNING = timedelta(days=365), timedelta(days=30)
LONG = AFTER - WARNING + timedelta(seconds=1)


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """A site on which accounts expire, with an administrator and a member."""
    site = GatehouseTester(make_site(database_url, GATEHOUSE_IDLE_ACCOUNTS_AFTER="365d"))
    site.add_user("root", email="root@example.org", admin=True)
    site.add_user("alice", email="alice@example.org")
    return site


def turn(site: GatehouseTester) -> None:
    """Let a running site do what is due."""
    works = site.app.extensions["gatehouse"].works
    expiring.Expiring(works.house).do(works)


def letters(site: GatehouseTester) -> list[str]:
    return [str(mail["To"]) for mail in site.mails() if "will be deactivated" in mail["Subject"]]


def in_use(site: GatehouseTester, name: str = "alice") -> bool:
    with site.work() as work:
        return users.named(work.db, name).active


def run(site: GatehouseTester, *args: str) -> Any:
    return site.app.test_cli_runner().invoke(args=["gatehouse", "users", *args])


def test_one_letter_and_after_a_while_the_account_is_put_aside(site: GatehouseTester) -> None:
    site.clock.move(LONG - timedelta(seconds=1))
    turn(site)
    assert letters(site) == []
    site.clock.move(timedelta(seconds=1))
    for _ in range(3):
        turn(site)
    assert letters(site) == ["alice@example.org"]
    site.clock.move(WARNING - timedelta(seconds=1))
    turn(site)
    assert in_use(site)
    site.clock.move(timedelta(seconds=1))
    turn(site)
    assert not in_use(site)
    assert letters(site) == ["alice@example.org"]


def test_whoever_was_put_aside_comes_back_by_password_and_button(site: GatehouseTester) -> None:
    site.clock.move(LONG)
    turn(site)
    site.clock.move(WARNING)
    turn(site)
    client = site.client()
    assert forms.sign_in(client).location == "/login/return/"
    forms.send(client, "/login/return/")
    assert client.get("/account/").status_code == 200
    turn(site)
    assert in_use(site)


def test_nobody_is_put_aside_without_a_warning_that_came_in_time(site: GatehouseTester) -> None:
    site.clock.move(5 * AFTER)
    turn(site)
    assert in_use(site)
    site.clock.move(WARNING)
    turn(site)
    assert not in_use(site)


def test_whoever_signs_in_is_warned_again_only_after_the_whole_time(site: GatehouseTester) -> None:
    site.clock.move(LONG)
    turn(site)
    assert len(letters(site)) == 1
    assert forms.sign_in(site.client()).status_code == 303
    site.clock.move(LONG - timedelta(seconds=1))
    turn(site)
    assert in_use(site)
    assert len(letters(site)) == 1
    site.clock.move(timedelta(seconds=1))
    turn(site)
    assert len(letters(site)) == 2
    assert in_use(site)


def test_whom_an_administrator_took_back_has_the_whole_time_again(site: GatehouseTester) -> None:
    site.clock.move(LONG)
    turn(site)
    site.clock.move(WARNING)
    turn(site)
    assert run(site, "reactivate", "alice").exit_code == 0
    site.clock.move(WARNING)
    turn(site)
    assert in_use(site)


def test_the_last_administrator_is_neither_warned_nor_put_aside(site: GatehouseTester) -> None:
    site.add_user("other", email="other@example.org", admin=True)
    for step in (LONG, WARNING, LONG, WARNING):
        site.clock.move(step)
        turn(site)
    assert [in_use(site, name) for name in ("root", "other")].count(True) == 1


def test_a_letter_is_not_needed_for_the_time_to_run(site: GatehouseTester) -> None:
    site.add_user("ben")
    for step in (LONG, WARNING):
        site.clock.move(step)
        turn(site)
    assert not in_use(site, "ben")


def test_of_several_processes_at_once_one_writes(site: GatehouseTester) -> None:
    works = site.app.extensions["gatehouse"].works
    site.clock.move(LONG)
    (due,) = expiring.all_due(works)
    done = at_once([lambda: expiring.take(works, Origin(), due)] * 6)
    assert done.count(True) == 1
    assert letters(site) == ["alice@example.org"]


def test_nothing_expires_unless_it_is_switched_on(tester: GatehouseTester) -> None:
    tester.add_user("root", admin=True)
    tester.add_user("alice", email="alice@example.org")
    for _ in range(2):
        tester.clock.move(5 * AFTER)
        turn(tester)
    assert in_use(tester)
    assert letters(tester) == []
    told = run(tester, "idle")
    assert told.exit_code == 1
    assert "GATEHOUSE_IDLE_ACCOUNTS_AFTER" in told.stderr


def test_the_command_line_says_what_it_does_and_would_do(site: GatehouseTester) -> None:
    site.clock.move(LONG)
    would = run(site, "idle", "--dry-run", "--json").stdout
    assert json.loads(would)["step"] == "warn"
    assert letters(site) == []
    assert run(site, "idle").stdout.split() == ["warn", "alice"]
    assert run(site, "idle").stdout == ""
    site.clock.move(WARNING)
    assert run(site, "idle").stdout.split() == ["deactivate", "alice"]
    assert not in_use(site)
