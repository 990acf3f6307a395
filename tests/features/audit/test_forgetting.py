"""What the record holds of a person goes with their account, and the record still verifies."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import or_, update

from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.keys import KeyRing
from flask_gatehouse.features.audit import forgetting, rules
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from tests.features.audit.conftest import (
    ROWS,
    damages,
    happen,
    invoke,
    kinds,
    past_the_program,
    rows_of,
)
from tests.flows.test_races import at_once

PERSONAL = ("192.0.2.7", "Firefox/140.0", "r" * 22, "0" * 16)


def erase(tester: GatehouseTester) -> UUID:
    user_id: UUID = tester.user_id  # type: ignore[attr-defined] # set by `told`
    with tester.work() as work:
        users.erase(work, user_id=user_id)
    return user_id


def former(tester: GatehouseTester, lane: int) -> None:
    """Have the rows of a lane as a release wrote them that could not forget, well chained."""
    house = tester.app.extensions["gatehouse"].works.house
    key = house.keys.newest(rules.PURPOSE)
    before, moves = rules.NOTHING, []
    for row in rows_of(tester, lane=lane):
        whole = {**row._mapping, "personal": None}  # noqa: SLF001 - public in all but name
        before = rules.mac_of(key, row=whole, lane=lane, sequence=row.sequence, before=before)
        here = (ROWS.c.lane == lane) & (ROWS.c.sequence == row.sequence)
        moves.append(update(ROWS).where(here).values(mac=before, personal=None, salt=None))
    past_the_program(tester, *moves)
    head = rules.Head(lane, len(moves), before, 0, rules.NOTHING)
    from tests.features.audit.conftest import LANES  # noqa: PLC0415 - only here

    sealed = {"mac": before, "seal": rules.seal_of(key, head)}
    past_the_program(tester, update(LANES).where(LANES.c.lane == lane).values(sealed))


def test_what_is_personal_goes_and_the_record_verifies(told: GatehouseTester) -> None:
    user_id = erase(told)
    mine = rows_of(told, user_id=user_id)
    assert len(mine) > 8
    text = str([tuple(row) for row in mine])
    assert all(each not in text for each in PERSONAL)
    assert {row.name for row in mine} >= {"users.created", "login.succeeded", "login.refused"}
    assert damages(told) == []


def test_the_rows_of_others_keep_what_they_hold(told: GatehouseTester) -> None:
    gone = told.user_id  # type: ignore[attr-defined] # set by `told`
    told.user_id = told.add_user("bob").id  # type: ignore[attr-defined] # as above
    happen(told, done=1, refused=1)
    told.user_id = gone  # type: ignore[attr-defined] # as above
    erase(told)
    kept = [row for row in rows_of(told, address="192.0.2.7") if row.user_id != gone]
    assert len(kept) == 2
    assert {row.agent for row in kept} == {"Firefox/140.0"}


def test_what_an_administrator_did_to_the_account_keeps_where_from(told: GatehouseTester) -> None:
    root = told.add_user("root", admin=True)
    origin = Origin(channel="web", address="192.0.2.99", actor_id=root.id)
    works = told.app.extensions["gatehouse"].works
    with works.begin(origin) as work:
        users.suspend(work, user=users.named(work.db, "alice"))
    erase(told)
    (row,) = rows_of(told, name="users.suspended")
    assert (row.address, row.actor_id) == ("192.0.2.99", root.id)
    assert damages(told) == []


@pytest.mark.parametrize("fields", [rules.FORGOTTEN, {"address": None}])
@pytest.mark.parametrize("salt", [None, b"\x02" * 32, "of somebody else"])
def test_asvs_16_4_2_nobody_without_the_key_makes_it_forget(
    told: GatehouseTester, fields: dict[str, Any], salt: Any
) -> None:
    gone = told.add_user("bob").id
    with told.work() as work:
        users.erase(work, user_id=gone)
    (theirs, *_) = rows_of(told, user_id=gone, name="users.created")
    values = {**fields, "salt": theirs.salt if isinstance(salt, str) else salt}
    (victim, *_) = rows_of(told, name="login.succeeded")
    past_the_program(told, update(ROWS).where(ROWS.c.id == victim.id).values(values))
    assert kinds(told) == ["changed"]


@pytest.mark.parametrize("column", ["name", "user_id", "actor_id", "at", "personal", "agent"])
def test_asvs_16_4_2_what_is_left_is_still_proven(told: GatehouseTester, column: str) -> None:
    erase(told)
    (victim, *_) = rows_of(told, name="login.refused")
    other = {
        "name": "login.ended",
        "at": victim.at - timedelta(hours=1),
        "personal": b"\x01" * 32,
        "agent": "Mozilla",
    }.get(column, UUID(int=7))
    past_the_program(told, update(ROWS).where(ROWS.c.id == victim.id).values({column: other}))
    assert set(kinds(told)) == {"changed"}


def test_a_record_that_forgot_is_pruned_and_adopted_as_any_other(told: GatehouseTester) -> None:
    erase(told)
    (victim, *_) = rows_of(told, name="login.refused")
    past_the_program(told, update(ROWS).where(ROWS.c.id == victim.id).values(name="login.ended"))
    assert invoke(told, "adopt", "--damaged").exit_code == 0
    assert damages(told) == []
    told.clock.move(timedelta(days=91))
    happen(told, done=1)
    assert invoke(told, "prune").exit_code == 0
    assert damages(told) == []
    told.clock.move(timedelta(days=366))
    assert invoke(told, "prune").exit_code == 0
    assert damages(told) == []


def test_a_record_that_forgot_verifies_with_another_secret_key(told: GatehouseTester) -> None:
    house = told.app.extensions["gatehouse"].works.house
    before = house.keys
    house.keys = KeyRing([b"a quite new key of more than 32 bytes", *before._roots])  # noqa: SLF001 - a key is replaced by a start, which is slow
    erase(told)
    assert damages(told) == []


def test_rows_of_a_former_release_verify_and_stay_as_they_are(told: GatehouseTester) -> None:
    former(told, 16)
    assert damages(told) == []
    user_id = erase(told)
    assert {row.agent for row in rows_of(told, lane=16)} == {"Firefox/140.0"}
    assert {row.agent for row in rows_of(told, lane=0, user_id=user_id)} == {None}
    assert damages(told) == []


def test_rows_that_were_never_chained_forget_as_well(told: GatehouseTester) -> None:
    nowhere = dict.fromkeys(("lane", "sequence", "mac", "key_id", "personal", "salt"))
    alone = or_(ROWS.c.lane == 0, ROWS.c.lane == 16)
    past_the_program(told, update(ROWS).where(alone).values(nowhere))
    user_id = erase(told)
    assert {row.address for row in rows_of(told, user_id=user_id)} == {None}
    assert invoke(told, "adopt", "--damaged").exit_code == 0
    assert damages(told) == []


def test_forgetting_while_others_write_leaves_a_record_that_verifies(told: GatehouseTester) -> None:
    user_id = told.user_id  # type: ignore[attr-defined] # set by `told`
    works = told.app.extensions["gatehouse"].works

    def forget() -> None:
        with works.begin(Origin()) as work:
            forgetting.forget(work, user_id=user_id)

    at_once([forget, *[lambda: happen(told, done=3, refused=3)] * 4, forget])
    assert damages(told) == []
