"""The name of whoever left is kept back for a while, by a hash that tells nobody."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.keys import KeyRing
from flask_gatehouse.features.leaving.names import NamePurge
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import NameTaken
from flask_gatehouse.features.users.models import KeptName
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.flows.test_races import at_once


def gone(site: GatehouseTester, name: str = "alice") -> UUID:
    """Have an account that was erased; return the id it had."""
    user_id: UUID = site.add_user(name).id
    with site.work() as work:
        users.erase(work, user_id=user_id)
    return user_id


def take(site: GatehouseTester, name: str = "alice") -> bool:
    try:
        with site.work() as work:
            users.create(work, username=name)
    except NameTaken:
        return False
    return True


def kept(site: GatehouseTester) -> int:
    with site.work() as work:
        return work.db.scalar(select(func.count()).select_from(KeptName)) or 0


@pytest.mark.parametrize("spelling", ["alice", "ALICE", "\uff21lice"])
def test_a_name_that_was_given_up_is_taken_as_any_other(
    tester: GatehouseTester, spelling: str
) -> None:
    gone(tester)
    told = tester.app.test_cli_runner().invoke(
        args=["gatehouse", "users", "create", spelling, "--invite"]
    )
    assert told.exit_code == 1
    assert "Somebody has this user name already." in told.stderr


def test_it_is_free_after_its_time_and_forgotten(site: GatehouseTester) -> None:
    gone(site)
    works = site.app.extensions["gatehouse"].works
    site.clock.move(timedelta(days=90) - timedelta(seconds=1))
    NamePurge(works.house).do(works)
    assert not take(site)
    site.clock.move(timedelta(seconds=1))
    NamePurge(works.house).do(works)
    assert kept(site) == 0
    assert take(site)


def test_it_is_free_after_its_time_even_if_nobody_swept(tester: GatehouseTester) -> None:
    gone(tester)
    tester.clock.move(timedelta(days=90))
    assert take(tester)
    with tester.work() as work:
        users.erase(work, user_id=users.named(work.db, "alice").id)
    assert not take(tester)


def test_a_site_may_let_names_go_at_once(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_LEAVING_NAMES_AFTER="0s"))
    gone(site)
    assert kept(site) == 0
    assert take(site)


def test_a_new_secret_key_does_not_let_it_go(tester: GatehouseTester) -> None:
    gone(tester)
    state = tester.app.extensions["gatehouse"]
    former = state.house.keys._roots  # noqa: SLF001 - a key is replaced by a start, which is slow
    state.house.keys = KeyRing([b"a quite new key of more than 32 bytes", *former])
    assert not take(tester)


def test_nothing_that_is_kept_tells_the_name(site: GatehouseTester) -> None:
    gone(site)
    with site.work() as work:
        rows = work.db.execute(select(KeptName.digest, KeptName.until)).all()
    assert len(rows) == 1
    assert b"alice" not in rows[0].digest
    assert len(rows[0].digest) == 32


def test_an_owner_of_the_site_lets_a_name_go_before_its_time(tester: GatehouseTester) -> None:
    gone(tester)
    run = tester.app.test_cli_runner().invoke
    assert run(args=["gatehouse", "users", "release-name", "Alice"]).exit_code == 0
    assert run(args=["gatehouse", "users", "release-name", "Alice"]).exit_code == 1
    assert take(tester)


def test_whoever_takes_a_name_while_it_is_given_up_does_not_get_it(site: GatehouseTester) -> None:
    user_id = site.add_user("alice").id

    def erase() -> bool:
        try:
            with site.work() as work:
                users.erase(work, user_id=user_id)
        except Refusal:
            return False
        return True

    done = at_once([erase, *[lambda: take(site)] * 4])
    assert done == [True, False, False, False, False]
    told = site.app.test_cli_runner().invoke(args=["gatehouse", "users", "list", "--json"]).stdout
    assert [json.loads(line)["username"] for line in told.splitlines()] == []
