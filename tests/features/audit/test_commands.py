"""`gatehouse audit …`, as whoever runs the site uses it."""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, update

from flask_gatehouse.features.audit import reading
from flask_gatehouse.features.audit.following import Follower
from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.login.events import LoggedOut
from flask_gatehouse.testing import NOON, GatehouseTester, settings_for_tests
from tests import forms
from tests.conftest import MakeSite
from tests.features.audit.conftest import (
    BROWSER,
    LANES,
    ROWS,
    damages,
    happen,
    invoke,
    kinds,
    past_the_program,
    rows_of,
)


def exported(tester: GatehouseTester, *args: str) -> list[dict[str, Any]]:
    done = invoke(tester, "export", *args)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_newest_stand_first_and_are_told_by_name(told: GatehouseTester) -> None:
    told.clock.move(timedelta(minutes=1))
    forms.sign_in(told.client(), "alice", "wrong")
    lines = invoke(told, "list").stdout.splitlines()
    assert len(lines) == 11
    assert re.match(r"2026-06-15 12:01:00  refused  login\.refused +alice +127\.0\.0\.1", lines[0])
    assert "name_hash=" in lines[0]
    assert len(invoke(told, "list", "--limit", "3").stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("args", "count"),
    [
        (["--user", "alice"], 10),
        (["--user", "ALICE", "--outcome", "refused"], 4),
        (["--event", "login"], 8),
        (["--event", "login.succeeded"], 4),
        (["--event", "log"], 0),
        (["--address", "192.0.2.7"], 8),
        (["--since", "2026-06-15"], 10),
        (["--until", "2026-06-15"], 0),
        (["--since", "1h"], 10),
        (["--since", "2026-06-15T14:00:01+02:00"], 0),
        (["--outcome", "done", "--address", "192.0.2.7"], 4),
    ],
)
def test_filters(told: GatehouseTester, args: list[str], count: int) -> None:
    assert len(invoke(told, "list", "--json", *args).stdout.splitlines()) == count
    assert len(exported(told, *args)) == count


@pytest.mark.parametrize("text", ["soon", "2h ago", "2026-13-01", "", "999999999d"])
def test_what_is_no_time_is_wrong_usage(told: GatehouseTester, text: str) -> None:
    done = invoke(told, "list", "--since", text)
    assert done.exit_code == 2
    assert "is no time such as" in done.stderr


def test_a_name_that_nobody_has_is_refused(told: GatehouseTester) -> None:
    done = invoke(told, "list", "--user", "nobody")
    assert (done.exit_code, done.stderr) == (1, "Error: There is no such account.\n")


def test_who_is_gone_is_found_by_id(told: GatehouseTester) -> None:
    (first, *_) = exported(told)
    assert len(exported(told, "--user", str(first["user_id"]))) == 10
    assert exported(told, "--user", "00000000-0000-0000-0000-000000000001") == []


def test_asvs_16_2_4_every_line_of_the_export_is_one_object_the_oldest_first(
    told: GatehouseTester,
) -> None:
    told.clock.move(timedelta(days=1))
    happen(told, done=1)
    found = exported(told)
    assert len(found) == 11
    assert [each["time"] for each in found] == sorted(each["time"] for each in found)
    assert found[-1] == {
        "time": "2026-06-16T12:00:00.000000+00:00",
        "id": found[-1]["id"],
        "event": "login.succeeded",
        "outcome": "done",
        "user_id": found[0]["user_id"],
        "actor_id": None,
        "session_id": "s",
        "channel": "web",
        "address": BROWSER.address,
        "agent": BROWSER.agent,
        "request_id": BROWSER.request_id,
        "facts": {"methods": ["password"], "remembered": False, "subject": None},
    }


def test_more_rows_than_are_read_at_once_are_all_told_once(tester: GatehouseTester) -> None:
    tester.user_id = None  # type: ignore[attr-defined]
    works = tester.app.extensions["gatehouse"].works
    events = reading.PAGE * 2 + 3
    with works.begin(BROWSER) as work:
        for _ in range(events):
            work.record(LoggedOut())
    found = exported(tester)
    assert len(found) == len({each["id"] for each in found}) == events
    assert damages(tester) == []
    past_the_program(tester, update(ROWS).where(ROWS.c.sequence == 2001).values(agent="other"))
    assert [each["sequence"] for each in damages(tester)] == [2001]


def test_inj_06_what_was_put_into_the_table_draws_nothing_in_a_terminal(
    told: GatehouseTester,
) -> None:
    forged = update(ROWS).values(agent="x\x1b[2J", facts={"limit": "\x1b[2J\r\nnew \u202e line"})
    past_the_program(told, forged)
    for args in (["list"], ["list", "--json"], ["export"]):
        out = invoke(told, *args).stdout
        assert len(out.splitlines()) == 10
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out)


def test_asvs_16_2_3_follow_tells_what_happens_until_it_is_interrupted(
    told: GatehouseTester,
) -> None:
    program = (
        "import sys; from gatehouse_site.cli import main; "
        "sys.argv[0] = 'gatehouse'; sys.exit(main())"
    )
    config = told.app.config
    environment = {
        **os.environ,
        "GATEHOUSE_HOME": config["GATEHOUSE_HOME"],
        "GATEHOUSE_DATABASE_URL": config["GATEHOUSE_DATABASE_URL"],
        "GATEHOUSE_SECRET_KEY": config["SECRET_KEY"],
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-c", program, "audit", "export", "--follow", "--event", "login"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as following:
        assert following.stdout is not None
        before = [json.loads(following.stdout.readline()) for _ in range(8)]
        # Out of order on purpose: an event may be committed after another one that began later.
        told.clock.move(timedelta(hours=-1))
        happen(told, done=1, refused=1)
        after = [json.loads(following.stdout.readline()) for _ in range(2)]
        happen(told, done=1)
        after.append(json.loads(following.stdout.readline()))
        following.send_signal(signal.SIGINT)
        assert following.wait(timeout=30) == 0
    assert len({each["id"] for each in before + after}) == 11
    assert {each["time"] for each in after} == {"2026-06-15T11:00:00.000000+00:00"}


def test_pruning_keeps_what_was_done_for_a_year_and_refusals_for_ninety_days(
    told: GatehouseTester,
) -> None:
    told.clock.move(timedelta(days=89))
    happen(told, done=1, refused=1)
    assert invoke(told, "prune").output == "Deleted 0 rows.\n"
    told.clock.move(timedelta(days=2))
    assert invoke(told, "prune").output == "Deleted 4 rows.\n"
    assert [row.outcome for row in rows_of(told)] == ["done"] * 8 + ["refused"]
    assert damages(told) == []
    told.clock.move(timedelta(days=275))
    assert invoke(told, "prune").output == "Deleted 7 rows.\n"
    assert damages(told) == []
    assert [row.name for row in rows_of(told)] == ["login.succeeded"] + ["audit.pruned"] * 2
    happen(told, done=2, refused=2)
    assert damages(told) == []


def test_asvs_14_2_7_how_long_is_a_setting(make_site: MakeSite, database_url: str) -> None:
    times = {"GATEHOUSE_AUDIT_RETENTION": "2d", "GATEHOUSE_AUDIT_REFUSAL_RETENTION": "1d"}
    site = GatehouseTester(make_site(database_url, **times))
    site.user_id = site.add_user().id  # type: ignore[attr-defined]
    happen(site, refused=3)
    site.clock.move(timedelta(days=1, seconds=1))
    assert invoke(site, "prune").output == "Deleted 3 rows.\n"
    site.clock.move(timedelta(days=1))
    assert invoke(site, "prune").output == "Deleted 2 rows.\n"
    assert damages(site) == []


def test_more_than_a_batch_is_pruned(tester: GatehouseTester) -> None:
    works = tester.app.extensions["gatehouse"].works
    with works.begin(BROWSER) as work:
        for _ in range(reading.PAGE * 2 + 3):
            work.record(LoggedOut())
    tester.clock.move(timedelta(days=366))
    assert invoke(tester, "prune").output == f"Deleted {reading.PAGE * 2 + 3} rows.\n"
    assert damages(tester) == []


def test_asvs_16_4_2_pruning_leaves_what_was_changed_and_goes_on_with_the_rest(
    told: GatehouseTester,
) -> None:
    past_the_program(told, update(ROWS).where(ROWS.c.lane == 0).values(address="192.0.2.8"))
    told.clock.move(timedelta(days=400))
    done = invoke(told, "prune")
    assert done.exit_code == 1
    assert "Lane 0 of the record was changed past this program" in done.stderr
    assert "nothing was deleted from it" in done.stderr
    assert len(rows_of(told, lane=0)) == 6 + 1
    assert rows_of(told, lane=16) == []
    assert [row.facts for row in rows_of(told, name="audit.pruned")] == [{"rows": 4}]
    assert set(kinds(told)) == {"changed"}


def test_all_lanes_that_were_changed_are_named_at_once(told: GatehouseTester) -> None:
    past_the_program(told, update(ROWS).values(address="192.0.2.8"))
    told.clock.move(timedelta(days=400))
    done = invoke(told, "prune")
    assert done.exit_code == 1
    assert "Lanes 0 and 16 of the record were changed past this program" in done.stderr
    assert len(rows_of(told)) == 10


def test_a_lane_that_was_taken_away_stops_no_pruning_of_the_others(told: GatehouseTester) -> None:
    past_the_program(told, LANES.delete().where(LANES.c.lane == 0))
    told.clock.move(timedelta(days=400))
    done = invoke(told, "prune")
    assert done.exit_code == 1
    assert "Lane 0 of the record was changed" in done.stderr
    assert rows_of(told, lane=16) == []


def without_a_place(tester: GatehouseTester, lane: int) -> None:
    """Write a row by hand into a lane, at no place of it."""
    (row, *_) = rows_of(tester, lane=lane)
    forged = {**row._asdict(), "id": UUID(int=1), "sequence": None, "address": "192.0.2.99"}
    past_the_program(tester, insert(ROWS).values(forged))


def test_a_row_without_a_place_is_told_and_stops_nothing(told: GatehouseTester) -> None:
    without_a_place(told, 16)
    assert [each["damage"] for each in damages(told)] == ["added"]
    assert invoke(told, "verify").exit_code == 1
    assert len(exported(told)) == 11 + 2
    told.clock.move(timedelta(days=100))
    assert invoke(told, "prune").output == "Deleted 4 rows.\n"
    assert kinds(told) == ["added"]
    invoke(told, "adopt", "--damaged")
    assert damages(told) == []


class Followed:
    """What somebody who follows the record is told, and warned of."""

    def __init__(self, tester: GatehouseTester) -> None:
        self.warnings: list[str] = []
        self._follower = Follower(tester.app.extensions["gatehouse"].works, self.warnings.append)
        self._tester = tester

    def added(self) -> list[Any]:
        return [(row.lane, row.sequence) for row in self._follower.added()]

    def late(self) -> list[Any]:
        return [row for row in rows_of(self._tester) if self._follower.comes_later(row)]


def test_following_tells_each_row_once(told: GatehouseTester) -> None:
    followed = Followed(told)
    without_a_place(told, 0)
    assert (followed.late(), followed.added()) == ([], [])
    happen(told, done=2, refused=1)
    assert len(followed.late()) == 3
    assert sorted(followed.added()) == [(0, 7), (0, 8), (16, 5)]
    assert (followed.added(), followed.warnings) == ([], [])


def test_who_follows_is_told_that_a_lane_began_anew(told: GatehouseTester) -> None:
    followed = Followed(told)
    past_the_program(told, update(ROWS).where(ROWS.c.lane == 16).values(address="192.0.2.8"))
    invoke(told, "adopt", "--damaged")
    happen(told, refused=6)
    found = followed.added()
    assert {place for place in found if place[0] == 16} == {(16, n) for n in range(1, 7)}
    (warning,) = followed.warnings
    assert warning.startswith("Lane 16 no longer goes on where it was")
    assert (followed.added(), len(followed.warnings)) == ([], 1)


def test_who_follows_is_told_what_was_pruned_before_it_was_printed(told: GatehouseTester) -> None:
    followed = Followed(told)
    happen(told, refused=2)
    told.clock.move(timedelta(days=100))
    invoke(told, "prune")
    happen(told, refused=1)
    assert (16, 7) in followed.added()
    assert followed.warnings == ["Lane 16: rows 5 to 6 were pruned before they were printed."]


def test_pruning_of_what_was_printed_warns_of_nothing(told: GatehouseTester) -> None:
    followed = Followed(told)
    told.clock.move(timedelta(days=100))
    invoke(told, "prune")
    happen(told, refused=1)
    assert (16, 5) in followed.added()
    assert followed.warnings == []


def test_what_was_pruned_past_the_program_is_found(told: GatehouseTester) -> None:
    told.clock.move(timedelta(days=100))
    assert invoke(told, "prune").output == "Deleted 4 rows.\n"
    back = update(LANES).where(LANES.c.lane == 16).values(begins_after=0)
    past_the_program(told, back)
    assert kinds(told) == ["unsealed"]


def old_rows(tester: GatehouseTester, count: int) -> None:
    """Write rows as a release without lanes did."""
    rows = [
        {
            "at": NOON - timedelta(days=50, minutes=n),
            "name": "login.succeeded" if n % 2 else "login.refused",
            "outcome": "done" if n % 2 else "refused",
            "channel": "web",
            "facts": {"n": n},
        }
        for n in range(count)
    ]
    past_the_program(tester, insert(AuditRow).values(rows))


def test_rows_of_before_there_were_lanes_are_adopted_once(told: GatehouseTester) -> None:
    old_rows(told, 8)
    done = invoke(told, "verify")
    assert done.exit_code == 1
    assert "gatehouse audit adopt" in done.stderr
    assert set(kinds(told)) == {"unchained"}
    assert invoke(told, "adopt").output == "Adopted 8 rows.\n"
    assert damages(told) == []
    (event,) = rows_of(told, name="audit.adopted")
    assert event.facts == {"rows": 8, "lanes": []}
    assert invoke(told, "adopt").output == "Adopted 0 rows.\n"
    past_the_program(told, update(ROWS).where(ROWS.c.lane == 32).values(facts={}))
    assert set(kinds(told)) == {"changed"}


@pytest.mark.parametrize(
    ("program", "called"), [("flask", "flask gatehouse"), ("gatehouse", "gatehouse")]
)
def test_a_command_is_named_as_it_is_called_here(
    told: GatehouseTester, program: str, called: str
) -> None:
    old_rows(told, 1)
    args = ["gatehouse", "audit", "verify"]
    done = told.app.test_cli_runner().invoke(args=args, prog_name=program)
    assert f"by: {called} audit adopt" in done.stderr


def test_more_old_rows_than_are_adopted_at_once_are_adopted_once(tester: GatehouseTester) -> None:
    for _ in range(3):
        # Many of the same moment: a batch ends among them.
        old_rows(tester, 700)
    assert invoke(tester, "adopt").output == "Adopted 2100 rows.\n"
    assert damages(tester) == []
    assert invoke(tester, "adopt").output == "Adopted 0 rows.\n"


def test_adopted_rows_are_pruned_when_they_are_due(told: GatehouseTester) -> None:
    old_rows(told, 8)
    invoke(told, "adopt")
    told.clock.move(timedelta(days=41))
    assert invoke(told, "prune").output == "Deleted 4 rows.\n"
    assert damages(told) == []
    assert len(rows_of(told, name="login.refused")) == 4


def test_a_damaged_lane_begins_anew_only_when_it_is_asked_for(told: GatehouseTester) -> None:
    past_the_program(told, update(ROWS).where(ROWS.c.lane == 16).values(address="192.0.2.8"))
    assert invoke(told, "adopt").output == "Adopted 0 rows.\n"
    assert set(kinds(told)) == {"changed"}
    assert invoke(told, "adopt", "--damaged").output == "Adopted 4 rows and 1 lanes.\n"
    assert damages(told) == []
    (event,) = rows_of(told, name="audit.adopted")
    assert event.facts == {"rows": 4, "lanes": [16]}
    happen(told, done=1, refused=1)
    assert damages(told) == []


def test_lanes_that_were_wiped_are_made_again_when_it_is_asked_for(told: GatehouseTester) -> None:
    past_the_program(told, LANES.delete().where(LANES.c.lane.in_([0, 3, 33])))
    assert invoke(told, "adopt", "--damaged").output == "Adopted 6 rows and 3 lanes.\n"
    assert damages(told) == []


def test_a_site_can_go_on_under_a_key_that_knows_nothing_of_the_former(
    make_site: MakeSite, database_url: str, tmp_path: Path
) -> None:
    first = GatehouseTester(make_site(database_url))
    first.add_user("alice")
    fresh = settings_for_tests(tmp_path)["SECRET_KEY"]
    site = GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=fresh))
    site.add_user("bob")
    assert set(kinds(site)) == {"unknown key", "missing"}
    assert "lanes" in invoke(site, "adopt", "--damaged").output
    assert damages(site) == []
