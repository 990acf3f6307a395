"""`gatehouse sessions`: who is signed in, and ending it."""

import json
from datetime import timedelta

import pytest
from click.testing import Result
from sqlalchemy import select

from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.testing import GatehouseTester
from tests.forms import cookie


def command(site: GatehouseTester, *args: str) -> Result:
    return site.app.test_cli_runner().invoke(args=["gatehouse", "sessions", *args])


def recorded(site: GatehouseTester, name: str) -> list[AuditRow]:
    with site.work() as work:
        return list(work.db.scalars(select(AuditRow).where(AuditRow.name == name)))


def test_open_sessions_are_listed_and_nothing_that_opens_one(site: GatehouseTester) -> None:
    alice = site.add_user("alice", email="alice@example.org")
    site.client(site.add_user("bob"))
    client = site.client()
    site.sign_in(client, alice, remember=True)
    rows = [
        json.loads(line)
        for line in command(site, "list", "--user", "alice@example.org", "--json").output.split(
            "\n"
        )
        if line
    ]
    assert sorted(row["kind"] for row in rows) == ["browser", "remembered"]
    assert {row["proven_by"] for row in rows} == {"host"}
    assert {row["opened"] for row in rows} == {"2026-06-15T12:00:00+00:00"}
    handle = cookie(client) or ""
    plain = command(site, "list", "--user", "alice").output
    assert len(plain.splitlines()) == 2
    assert handle.rsplit(".", 1)[1] not in plain + json.dumps(rows)
    site.clock.move(timedelta(hours=2))
    assert len(command(site, "list", "--user", "alice").output.splitlines()) == 1


def test_what_a_browser_says_cannot_reach_into_a_terminal(site: GatehouseTester) -> None:
    alice = site.add_user("alice")
    with site.app.test_request_context("/", headers={"User-Agent": "x"}):
        site.client(alice)
    with site.work() as work:
        from flask_gatehouse.features.sessions.models import Session  # noqa: PLC0415 - only here

        work.db.scalars(select(Session)).one().agent = "\x1b[2J\nroot"
    assert "\x1b" not in command(site, "list", "--user", "alice").output


def test_one_is_signed_out_and_the_others_are_not(site: GatehouseTester) -> None:
    alice, bob = (site.client(site.add_user(name)) for name in ("alice", "bob"))
    assert command(site, "end", "--user", "alice").output == "Signed alice out everywhere.\n"
    assert [each.get("/account/").status_code for each in (alice, bob)] == [302, 200]
    assert len(recorded(site, "sessions.ended")) == 1


def test_asvs_7_4_5_everybody_is_signed_out(site: GatehouseTester) -> None:
    clients = [site.client(site.add_user(name)) for name in ("alice", "bob")]
    assert command(site, "end", "--all").output == "Signed everybody out (2 sessions).\n"
    assert [each.get("/account/").status_code for each in clients] == [302, 302]
    (told,) = recorded(site, "sessions.all_ended")
    assert (told.user_id, told.facts) == (None, {"sessions": 2})


@pytest.mark.parametrize("args", [["end"], ["end", "--all", "--user", "alice"], ["list"]])
def test_whom_has_to_be_said(tester: GatehouseTester, args: list[str]) -> None:
    client = tester.client(tester.add_user("alice"))
    assert command(tester, *args).exit_code == 2
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize("what", ["list", "end"])
def test_a_name_that_nobody_has_is_refused(tester: GatehouseTester, what: str) -> None:
    assert command(tester, what, "--user", "nobody").exit_code == 1
