"""Whoever runs the site sees what has to wait, and lets it go on."""

import json
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import select

from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.features.throttling.conftest import MakeCounting
from tests.forms import sign_in

WRONG = "nine loud kettles"
HERE = "192.0.2.1"
SECRET = "my bank password 1234"


@pytest.fixture
def site(make_counting: MakeCounting) -> GatehouseTester:
    """The site, on which a name may fail twice from a network and three times from all."""
    site = make_counting(
        GATEHOUSE_THROTTLING_NAME_AND_NETWORK="2/15m", GATEHOUSE_THROTTLING_ACCOUNT="3/1h"
    )
    site.add_user("alice", email="alice@example.org")
    return site


def run(site: GatehouseTester, *args: str) -> Result:
    return site.app.test_cli_runner().invoke(args=["gatehouse", "throttling", *args])


def listed(site: GatehouseTester) -> list[dict[str, Any]]:
    result = run(site, "list", "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def attempt(site: GatehouseTester, name: str, address: str = HERE) -> int:
    client = site.client()
    client.environ_base["REMOTE_ADDR"] = address
    return sign_in(client, name, WRONG).status_code


def exhaust(site: GatehouseTester, name: str) -> None:
    """Fail thrice from two networks and once more from both."""
    elsewhere = "2001:db8:1:2::9"
    tried = [attempt(site, name, address) for address in (HERE, HERE, HERE, elsewhere, elsewhere)]
    assert tried == [401, 401, 429, 401, 429]


def test_what_has_to_wait_is_listed_with_name_network_and_time(site: GatehouseTester) -> None:
    attempt(site, "bob")
    exhaust(site, "alice")
    told = {(row["limit"], row["name"], row["network"]) for row in listed(site)}
    assert told == {("name and network", "alice", HERE), ("account", "alice", None)}
    by_limit = {row["limit"]: row for row in listed(site)}
    assert by_limit["account"]["seconds_left"] > 3500
    assert by_limit["account"]["in_a_row"] == 1
    assert by_limit["name and network"]["attempts"] == 3
    text = run(site, "list").stdout
    assert "account           alice" in text
    assert "192.0.2.1" in text


def test_nothing_waits_on_a_quiet_site(site: GatehouseTester) -> None:
    attempt(site, "alice")
    assert listed(site) == []
    assert run(site, "list").stdout == ""


def test_a_password_typed_as_name_is_shown_to_nobody(site: GatehouseTester) -> None:
    exhaust(site, SECRET)
    rows = listed(site)
    assert {row["name"] for row in rows} == {None}
    (mark,) = {row["mark"] for row in rows}
    assert len(mark) == 12
    text = run(site, "list").stdout
    assert f"no account ({mark})" in text
    assert "bank" not in text


@pytest.mark.parametrize("name", ["ALICE", "alice@example.org"])
def test_a_name_is_let_go_on_under_all_its_names_and_nobody_else(
    site: GatehouseTester, name: str
) -> None:
    for each in ("alice", "alice@example.org", "bob"):
        exhaust(site, each)
    assert run(site, "clear", "--name", name).exit_code == 0
    assert {row["name"] for row in listed(site)} == {None}
    assert attempt(site, "alice") == attempt(site, "alice@example.org") == 401
    assert attempt(site, "bob") == 429


def test_a_name_that_no_account_has_is_let_go_on_as_well(site: GatehouseTester) -> None:
    exhaust(site, "bob")
    assert run(site, "clear", "--name", "bob").stdout == "Forgot 3 counters.\n"
    assert attempt(site, "bob") == 401


def test_a_network_is_let_go_on_by_any_of_its_addresses(site: GatehouseTester) -> None:
    exhaust(site, "alice")
    exhaust(site, "bob")
    assert run(site, "clear", "--network", "2001:db8:1:2:ffff::1").exit_code == 0
    assert {row["network"] for row in listed(site)} == {None, HERE}
    # What is counted over all networks still waits.
    assert attempt(site, "alice", "2001:db8:1:2::9") == 429


def test_with_both_only_what_is_about_both_is_let_go_on(site: GatehouseTester) -> None:
    exhaust(site, "alice")
    assert run(site, "clear", "--name", "alice", "--network", HERE).stdout == "Forgot 1 counter.\n"
    assert {row["limit"] for row in listed(site)} == {"account"}


def test_all_are_let_go_on(site: GatehouseTester) -> None:
    exhaust(site, "alice")
    exhaust(site, "bob")
    assert run(site, "clear", "--all").exit_code == 0
    assert listed(site) == []
    assert attempt(site, "alice") == attempt(site, "bob") == 401


@pytest.mark.parametrize("args", [(), ("--all", "--name", "alice"), ("--network", "no address")])
def test_what_shall_be_let_go_on_has_to_be_said(
    site: GatehouseTester, args: tuple[str, ...]
) -> None:
    exhaust(site, "alice")
    assert run(site, "clear", *args).exit_code == 2
    assert len(listed(site)) == 2


def test_letting_go_on_is_recorded_without_a_name(site: GatehouseTester) -> None:
    exhaust(site, "alice")
    run(site, "clear", "--network", HERE)
    run(site, "clear", "--name", "alice")
    with site.work() as work:
        found = select(AuditRow).where(AuditRow.name == "throttling.cleared")
        facts = [row.facts for row in work.db.scalars(found.order_by(AuditRow.id))]
    assert facts == [
        {"by": "network", "counters": 2, "network": HERE},
        {"by": "name", "counters": 2, "network": None},
    ]


def test_without_redis_blocks_of_the_database_are_listed_and_none_is_lifted(
    make_site: MakeSite, sqlite_url: str
) -> None:
    app = make_site(
        sqlite_url,
        GATEHOUSE_REDIS_URL="redis://127.0.0.1:1/0",
        GATEHOUSE_THROTTLING_NAME_AND_NETWORK="2/15m",
    )
    site = GatehouseTester(app)
    assert [attempt(site, "bob") for _ in range(3)] == [401, 401, 429]
    assert len(listed(site)) == 1
    refused = run(site, "clear", "--all")
    assert refused.exit_code == 1
    assert "Not available right now" in refused.stderr
    assert len(listed(site)) == 1
