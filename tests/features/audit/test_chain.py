"""Whoever has the database and not the key changes nothing in the record unseen."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    Select,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)

from flask_gatehouse.db.engine import parsed
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.audit import chain, rules
from flask_gatehouse.features.login.events import LoggedOut, LoginRefused
from flask_gatehouse.testing import GatehouseTester
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
from tests.flows.test_races import at_once

DONE, REFUSED = 0, 16


def place(lane: int, sequence: int) -> Any:
    return (ROWS.c.lane == lane) & (ROWS.c.sequence == sequence)


def test_asvs_16_4_2_a_record_that_nobody_touched_verifies(told: GatehouseTester) -> None:
    assert invoke(told, "verify").output == "The record verifies: 10 rows.\n"
    assert damages(told) == []
    assert [(row.lane, row.sequence) for row in rows_of(told)] == [
        *((DONE, n) for n in range(1, 7)),
        *((REFUSED, n) for n in range(1, 5)),
    ]


def test_a_record_in_which_nothing_was_written_verifies(site: GatehouseTester) -> None:
    assert invoke(site, "verify").output == "The record verifies: 0 rows.\n"


def test_events_that_are_written_together_stand_in_their_lanes_and_verify(
    told: GatehouseTester,
) -> None:
    out, wrong = LoggedOut(), LoginRefused(method="password", name_hash="0" * 16)
    works: Works = told.app.extensions["gatehouse"].works
    with works.begin(BROWSER) as work:
        work.record_all([out, out, wrong, out])
        work.record_all([])

    assert damages(told) == []
    assert [(row.lane, row.sequence) for row in rows_of(told)] == [
        *((DONE, n) for n in range(1, 10)),
        *((REFUSED, n) for n in range(1, 6)),
    ]


OTHER = UUID(int=7)
CHANGES: dict[str, Any] = {
    "at": "an hour earlier",
    "id": OTHER,
    "name": "login.ended",
    "outcome": "refused",
    "user_id": OTHER,
    "actor_id": OTHER,
    "session_id": "other",
    "channel": "command",
    "address": "192.0.2.8",
    "agent": None,
    "request_id": None,
    "facts": {"methods": ["password"], "remembered": True, "subject": None},
    "mac": b"\x01" * 32,
    "personal": None,
    "salt": b"\x01" * 32,
}


def test_every_column_is_covered_by_the_chain() -> None:
    own = {"lane", "sequence", "mac", "key_id", "personal", "salt"}
    assert {column.name for column in ROWS.c} - own == set(rules.COVERED)
    assert set(CHANGES) == set(rules.COVERED) | {"mac", "personal", "salt"}


@pytest.mark.parametrize("column", CHANGES)
def test_asvs_16_4_2_a_changed_column_is_found(told: GatehouseTester, column: str) -> None:
    (row,) = rows_of(told, lane=DONE, sequence=4)
    value = row.at - timedelta(hours=1) if column == "at" else CHANGES[column]
    past_the_program(told, update(ROWS).where(place(DONE, 4)).values({column: value}))
    found = damages(told)
    assert {(each["damage"], each["lane"]) for each in found} == {("changed", DONE)}
    assert found[0]["sequence"] == 4
    done = invoke(told, "verify")
    assert done.exit_code == 1
    assert "Lane 0, row 4: was changed or moved" in done.stderr


@pytest.mark.parametrize("column", ["lane", "sequence", "key_id"])
def test_a_row_without_its_place_is_found(told: GatehouseTester, column: str) -> None:
    past_the_program(told, update(ROWS).where(place(DONE, 4)).values({column: None}))
    assert set(kinds(told)) >= {"added"}


def test_asvs_16_4_2_a_row_that_was_moved_to_another_lane_is_found(told: GatehouseTester) -> None:
    moved = update(ROWS).where(place(REFUSED, 4)).values(lane=1, sequence=1)
    past_the_program(told, moved)
    found = {(each["damage"], each["lane"]) for each in damages(told)}
    assert found >= {("changed", 1), ("cut", REFUSED)}


@pytest.mark.parametrize("sequence", [1, 3])
def test_asvs_16_4_2_a_row_that_is_gone_is_found(told: GatehouseTester, sequence: int) -> None:
    past_the_program(told, delete(ROWS).where(place(DONE, sequence)))
    (found,) = damages(told)
    assert (found["damage"], found["lane"], found["sequence"]) == ("missing", DONE, sequence)


def test_asvs_16_4_2_a_tail_that_is_gone_is_found(told: GatehouseTester) -> None:
    past_the_program(told, delete(ROWS).where(ROWS.c.lane == DONE, ROWS.c.sequence > 4))
    (found,) = damages(told)
    assert (found["damage"], found["lane"], found["sequence"]) == ("cut", DONE, 6)


def test_a_tail_that_is_gone_stays_seen_when_the_lane_was_moved_back_and_goes_on(
    told: GatehouseTester,
) -> None:
    (last,) = rows_of(told, lane=DONE, sequence=4)
    back = update(LANES).where(LANES.c.lane == DONE).values(sequence=4, mac=last.mac)
    past_the_program(told, delete(ROWS).where(ROWS.c.lane == DONE, ROWS.c.sequence > 4), back)
    assert kinds(told) == ["unsealed"]
    happen(told, done=2)
    found = damages(told)
    assert [(each["damage"], each["sequence"]) for each in found] == [("missing", 5)]


def test_asvs_16_4_2_a_row_that_is_put_back_does_not_hide_that_others_were_lost(
    told: GatehouseTester,
) -> None:
    (fourth,) = rows_of(told, lane=DONE, sequence=4)
    (fifth,) = rows_of(told, lane=DONE, sequence=5)
    back = update(LANES).where(LANES.c.lane == DONE).values(sequence=4, mac=fourth.mac)
    past_the_program(told, delete(ROWS).where(ROWS.c.lane == DONE, ROWS.c.sequence > 4), back)
    happen(told, done=2)
    past_the_program(told, insert(ROWS).values(fifth._asdict()))
    assert [(each["damage"], each["sequence"]) for each in damages(told)] == [("changed", 6)]


def test_asvs_16_4_2_a_beginning_that_is_gone_is_found(told: GatehouseTester) -> None:
    (third,) = rows_of(told, lane=DONE, sequence=3)
    begins = update(LANES).where(LANES.c.lane == DONE)
    begins = begins.values(begins_after=3, begins_mac=third.mac)
    past_the_program(told, delete(ROWS).where(ROWS.c.lane == DONE, ROWS.c.sequence < 4), begins)
    assert kinds(told) == ["unsealed"]


def test_asvs_16_4_2_a_wiped_table_is_found(told: GatehouseTester) -> None:
    past_the_program(told, delete(ROWS))
    assert [(each["damage"], each["lane"]) for each in damages(told)] == [
        ("cut", DONE),
        ("cut", REFUSED),
    ]


def test_asvs_16_4_2_wiped_lanes_are_found(told: GatehouseTester) -> None:
    past_the_program(told, delete(LANES))
    assert set(kinds(told)) == {"unsealed"}


def test_a_site_whose_lanes_were_wiped_goes_on_and_the_loss_stays_seen(
    told: GatehouseTester, make_site: MakeSite
) -> None:
    past_the_program(told, delete(LANES))
    url = told.app.config["GATEHOUSE_DATABASE_URL"]
    again = GatehouseTester(make_site(url))
    again.add_user("bob")
    assert len(rows_of(again)) == 12
    assert "added" in kinds(again)


def test_asvs_16_4_2_rows_that_changed_places_are_found(told: GatehouseTester) -> None:
    swap = [
        update(ROWS).where(place(DONE, 2)).values(sequence=99),
        update(ROWS).where(place(DONE, 3)).values(sequence=2),
        update(ROWS).where(place(DONE, 99)).values(sequence=3),
    ]
    past_the_program(told, *swap)
    assert {(each["damage"], each["sequence"]) for each in damages(told)} >= {
        ("changed", 2),
        ("changed", 3),
    }


@pytest.mark.parametrize(
    ("forged", "kind"),
    [
        ({"lane": None, "sequence": None, "mac": None, "key_id": None}, "unchained"),
        ({"sequence": None}, "added"),
        ({"lane": 77}, "added"),
        ({"sequence": 0}, "added"),
        ({"sequence": 3}, "added"),
        ({"sequence": 7}, "changed"),
        ({"sequence": 70}, "missing"),
    ],
)
def test_asvs_16_4_2_a_forged_row_is_found(
    told: GatehouseTester, forged: dict[str, Any], kind: str
) -> None:
    (real,) = rows_of(told, lane=DONE, sequence=6)
    values = {**real._asdict(), "id": UUID(int=2**128 - 1), **forged}
    past_the_program(told, insert(ROWS).values(values))
    assert kind in kinds(told)


FIRST = "Zq7-a_key_of_this_test_Zq7xK1mP9sT3vW5yR"
SECOND = "Yw4-quite_another_key_Yw4aB2cD6eF8gH0jKm"


def test_a_record_of_another_key_does_not_verify(make_site: MakeSite, database_url: str) -> None:
    GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=FIRST)).add_user()
    other = GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=SECOND))
    assert set(kinds(other)) == {"unknown key"}


def test_a_former_key_still_verifies_what_it_chained(
    make_site: MakeSite, database_url: str
) -> None:
    GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=FIRST)).add_user("alice")
    keys = {"GATEHOUSE_SECRET_KEY": SECOND, "GATEHOUSE_SECRET_KEY_FALLBACKS": FIRST}
    site = GatehouseTester(make_site(database_url, **keys))
    site.add_user("bob")
    assert damages(site) == []
    assert len({row.key_id for row in rows_of(site)}) == 2
    past_the_program(site, update(ROWS).where(place(DONE, 2)).values(address="192.0.2.8"))
    assert kinds(site) == ["changed"]


def rotated(make_site: MakeSite, url: str) -> None:
    """Write under one key, and once under the next, which knows the former."""
    first = GatehouseTester(make_site(url, GATEHOUSE_SECRET_KEY=FIRST))
    first.user_id = first.add_user("alice").id  # type: ignore[attr-defined]
    happen(first, done=1, refused=2)
    keys = {"GATEHOUSE_SECRET_KEY": SECOND, "GATEHOUSE_SECRET_KEY_FALLBACKS": FIRST}
    GatehouseTester(make_site(url, **keys)).add_user("bob")


def test_asvs_16_4_2_a_former_key_that_is_dropped_leaves_no_gap_in_lanes_that_were_idle(
    make_site: MakeSite, database_url: str
) -> None:
    rotated(make_site, database_url)
    site = GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=SECOND))
    site.user_id = None  # type: ignore[attr-defined]
    happen(site, done=1, refused=1)
    found = damages(site)
    assert {each["damage"] for each in found} == {"unknown key"}
    assert all(each["sequence"] for each in found)  # rows, and no lane
    told = invoke(site, "verify").stderr
    assert "was written with a key that is no longer known" in told
    assert "nothing else is wrong" in told


def test_what_a_dropped_key_wrote_is_pruned_once_the_key_is_named_again(
    make_site: MakeSite, database_url: str
) -> None:
    rotated(make_site, database_url)
    site = GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=SECOND))
    site.clock.move(timedelta(days=400))
    done = invoke(site, "prune")
    assert done.exit_code == 1
    assert "written with a key that is no longer known" in done.stderr
    assert "changed past this program" not in done.stderr
    keys = {"GATEHOUSE_SECRET_KEY": SECOND, "GATEHOUSE_SECRET_KEY_FALLBACKS": FIRST}
    again = GatehouseTester(make_site(database_url, **keys))
    again.clock.move(timedelta(days=400))
    assert invoke(again, "prune").exit_code == 0
    last = GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=SECOND))
    assert damages(last) == []


def test_asvs_16_4_2_a_lane_that_was_changed_is_not_sealed_by_a_change_of_keys(
    make_site: MakeSite, database_url: str
) -> None:
    first = GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=FIRST))
    first.user_id = first.add_user("alice").id  # type: ignore[attr-defined]
    happen(first, refused=3)
    (second,) = rows_of(first, lane=REFUSED, sequence=2)
    back = update(LANES).where(LANES.c.lane == REFUSED).values(sequence=2, mac=second.mac)
    past_the_program(first, delete(ROWS).where(place(REFUSED, 3)), back)
    keys = {"GATEHOUSE_SECRET_KEY": SECOND, "GATEHOUSE_SECRET_KEY_FALLBACKS": FIRST}
    site = GatehouseTester(make_site(database_url, **keys))
    site.add_user("bob")
    assert [(each["damage"], each["lane"]) for each in damages(site)] == [("unsealed", REFUSED)]


def test_a_lane_that_somebody_holds_is_not_waited_for_after_a_change_of_keys(
    make_site: MakeSite, database_url: str
) -> None:
    first = GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=FIRST))
    first.add_user("alice")
    keys = {"GATEHOUSE_SECRET_KEY": SECOND, "GATEHOUSE_SECRET_KEY_FALLBACKS": FIRST}
    site = GatehouseTester(make_site(database_url, **keys))
    works = first.app.extensions["gatehouse"].works
    if works.engine.dialect.name != "sqlite":  # there, who writes holds the whole file
        with first.work() as work:
            work.record(LoggedOut())
            site.add_user("bob")
        assert damages(site) == []


class NothingCameOfItError(Exception):
    """Something went wrong after it was recorded."""


def test_what_is_rolled_back_leaves_no_row_and_no_gap(told: GatehouseTester) -> None:
    def give_up() -> None:
        with told.work() as work:
            work.record(_event(told))
            raise NothingCameOfItError

    for _ in range(3):
        with pytest.raises(NothingCameOfItError):
            give_up()
    happen(told, done=1)
    assert len(rows_of(told)) == 11
    assert damages(told) == []


def _event(told: GatehouseTester) -> LoggedOut:
    return LoggedOut(user_id=told.user_id)  # type: ignore[attr-defined]


def test_sixteen_who_write_at_once_leave_one_record(told: GatehouseTester) -> None:
    at_once([lambda: happen(told, done=6, refused=2)] * 16)
    assert len(rows_of(told)) == 10 + 16 * 8
    assert damages(told) == []


def test_a_refusal_is_written_while_its_own_work_holds_a_lane(
    told: GatehouseTester,
) -> None:
    """On servers only: on SQLite nobody writes beside somebody who writes."""
    works = told.app.extensions["gatehouse"].works
    if works.engine.dialect.name != "sqlite":
        with told.work() as work:
            work.record(_event(told))
            with work.apart() as own:
                own.record(_event(told))
    assert damages(told) == []


def test_every_lane_is_there_from_the_first_row_on(told: GatehouseTester) -> None:
    assert [row.lane for row in rows_of(told, LANES)] == list(rules.LANES)
    with told.app.extensions["gatehouse"].works.reading() as db:
        assert db.execute(select(ROWS.c.id).where(ROWS.c.mac.is_(None))).first() is None


class PrunedMeanwhile:
    """Prunes one row more of a lane each time that somebody begins to read the lane's rows."""

    def __init__(self, tester: GatehouseTester) -> None:
        self._tester = tester
        self.left = iter(rows_of(tester, lane=REFUSED))
        self._own = False

    def __call__(self, _: object, clause: Any, *__: object) -> None:
        """Called by SQLAlchemy before each statement."""
        asks = isinstance(clause, Select) and ROWS in clause.get_final_froms()
        if self._own or not asks or REFUSED not in clause.compile().params.values():
            return
        self._own = True
        row = next(self.left, None)
        if row is not None:
            with self._tester.work() as work:
                head = chain.held(work, REFUSED)
                chain.connection(work).execute(delete(ROWS).where(place(REFUSED, row.sequence)))
                chain.keep(work, head._replace(begins_after=row.sequence, begins_mac=row.mac))
        self._own = False


def test_what_is_pruned_while_it_is_verified_is_no_gap(told: GatehouseTester) -> None:
    happen(told, refused=3)
    meanwhile = PrunedMeanwhile(told)
    engine = told.app.extensions["gatehouse"].works.engine
    event.listen(engine, "before_execute", meanwhile)
    found = damages(told)
    event.remove(engine, "before_execute", meanwhile)
    assert len(rows_of(told, lane=REFUSED)) == 2  # it was pruned each time that it was read
    assert found == []
    assert damages(told) == []


@pytest.mark.parametrize("seen", [ROWS, LANES], ids=["rows", "lanes"])
def test_asvs_16_4_2_a_host_that_reads_what_was_writes_at_the_end_of_what_is(
    make_site: MakeSite, mariadb_server: str, seen: Table
) -> None:
    site = GatehouseTester(make_site(mariadb_server))
    engine = create_engine(
        parsed(mariadb_server, setting="test"), isolation_level="REPEATABLE READ"
    )
    host = Works(site.app.extensions["gatehouse"].house, lambda: engine)
    past_the_program(site, delete(ROWS), delete(LANES))
    site.user_id = None  # type: ignore[attr-defined]
    happen(site, done=1)
    with host.begin(BROWSER) as work:
        work.db.execute(select(func.count()).select_from(seen))
        happen(site, done=1)
        work.record(LoggedOut())
    assert damages(site) == []
    assert [row.sequence for row in rows_of(site, lane=DONE)] == [1, 2, 3]
    engine.dispose()
