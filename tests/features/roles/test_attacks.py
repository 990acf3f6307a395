"""Ways around the rule that nobody hands out, or takes away, what they may not: all closed."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from flask_gatehouse import roles_required
from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.roles.errors import BeyondOwnRights, NotHere, OutOfReach
from flask_gatehouse.features.roles.models import RolePermission
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester
from flask_gatehouse.web.protecting import Policy, Protection

DESK = ("people.read", "people.suspend", "roles.edit", "roles.grant")


@pytest.fixture
def people(site: GatehouseTester) -> dict[str, User]:
    """Somebody of the desk, a reader, somebody above the desk, and an administrator."""
    found = {name: site.add_user(name, password=None) for name in ("helper", "reader", "boss")}
    found["chief"] = site.add_user("chief", password=None, admin=True)
    with site.work() as work:
        roles.make(work, name="desk", permissions=DESK)
        roles.make(work, name="readers", permissions=("people.read",))
        roles.make(work, name="bosses", permissions=(*DESK, "people.delete"))
        roles.grant(work, user=found["helper"], role="desk")
        roles.grant(work, user=found["reader"], role="readers")
        roles.grant(work, user=found["boss"], role="bosses")
    return found


def the_board() -> str:
    """Be a view."""
    return "the board"


def state(site: GatehouseTester) -> list[roles.Shown]:
    with site.work() as work, work.reading() as db:
        return roles.everyone(db, now=work.now)


def refused(site: GatehouseTester, kind: type[Refusal], act: Callable[[Work], object]) -> None:
    before = state(site)
    with pytest.raises(kind), site.work() as work:
        act(work)
    assert state(site) == before


@pytest.mark.parametrize("holder", ["boss", "chief", "helper"])
def test_adm_03_a_role_of_somebody_out_of_reach_is_not_emptied_and_not_deleted(
    site: GatehouseTester, people: dict[str, User], holder: str
) -> None:
    with site.work() as work:
        roles.grant(work, user=people[holder], role="readers")
    helper = people["helper"]
    refused(site, OutOfReach, lambda work: roles.remove(work, name="readers", by=helper))
    for wanted in ((), ("people.read", "people.suspend"), ("people.suspend",)):
        refused(
            site,
            OutOfReach,
            lambda work, wanted=wanted: roles.change(  # type: ignore[misc]
                work, name="readers", about="", permissions=wanted, by=helper
            ),
        )


def test_a_role_of_people_below_is_changed_and_deleted(
    site: GatehouseTester, people: dict[str, User]
) -> None:
    with site.work() as work:
        roles.change(
            work,
            name="readers",
            about="",
            permissions=("people.suspend",),
            by=people["helper"],
        )
    with site.work() as work:
        roles.remove(work, name="readers", by=people["helper"])
    assert [each.name for each in state(site)] == ["bosses", "desk"]


def test_adm_03_what_somebody_has_for_a_time_is_handed_out_for_no_longer(
    site: GatehouseTester, people: dict[str, User]
) -> None:
    with site.work() as work:
        end = work.now + timedelta(days=1)
        roles.grant(work, user=people["helper"], role="desk", until=end)
        # What stays to the helper is too little.
        roles.make(work, name="editors", permissions=("roles.edit", "roles.grant"))
        roles.grant(work, user=people["helper"], role="editors")
    helper, reader = people["helper"], people["reader"]
    for until in (None, end + timedelta(microseconds=1)):
        refused(
            site,
            BeyondOwnRights,
            lambda work, until=until: roles.grant(  # type: ignore[misc]
                work, user=reader, role="readers", until=until, by=helper
            ),
        )
    refused(
        site,
        BeyondOwnRights,
        lambda work: roles.make(work, name="more", permissions=("people.read",), by=helper),
    )
    with site.work() as work:
        roles.make(work, name="empty")
        roles.grant(work, user=reader, role="empty")
    refused(
        site,
        BeyondOwnRights,
        lambda work: roles.change(
            work, name="empty", about="", permissions=("people.read",), by=helper
        ),
    )
    with site.work() as work:
        roles.grant(work, user=reader, role="readers", until=end, by=helper)


@pytest.mark.parametrize("put_aside", ["suspended", "deactivated"])
@pytest.mark.parametrize("who", ["boss", "chief"])
def test_adm_03_an_account_that_is_put_aside_is_still_as_high_as_before(
    site: GatehouseTester, people: dict[str, User], who: str, put_aside: str
) -> None:
    site.add_user("second", password=None, admin=True)
    with site.work() as work:
        user = users.named(work.db, who)
        if put_aside == "suspended":
            users.suspend(work, user=user)
        else:
            gone = update(User).where(User.id == user.id)
            work.db.execute(gone.values(active=False, deactivated_at=work.now))

    def reach(work: Work) -> None:
        users.hold_administration(work)
        held = users.hold(work, user_id=people[who].id)
        roles.demand_reach(work, by=people["helper"], user=held, permission="people.suspend")

    refused(site, OutOfReach, reach)
    refused(
        site,
        OutOfReach,
        lambda work: roles.grant(work, user=people[who], role="readers", by=people["helper"]),
    )


def test_what_nobody_declares_any_more_puts_nobody_above_another(
    site: GatehouseTester, people: dict[str, User]
) -> None:
    peer = site.add_user("peer", password=None)
    with site.work() as work:
        role = roles.make(work, name="old")
        work.db.add(RolePermission(role_id=role.id, permission="reports.of_before"))
        roles.grant(work, user=people["helper"], role="old")
        roles.grant(work, user=peer, role="desk")
    refused(
        site,
        OutOfReach,
        lambda work: roles.revoke(work, user=peer, role="desk", by=people["helper"]),
    )
    # Nor does it change hands by somebody who is no administrator.
    refused(
        site,
        BeyondOwnRights,
        lambda work: roles.grant(work, user=people["reader"], role="old", by=people["helper"]),
    )


@pytest.mark.parametrize("asked_for", ["mark", "protection"])
def test_adm_03_a_role_that_opens_a_page_by_its_name_changes_hands_like_a_right(
    site: GatehouseTester, people: dict[str, User], asked_for: str
) -> None:
    helper, reader = people["helper"], people["reader"]
    if asked_for == "mark":
        site.app.add_url_rule("/board/", "board", roles_required("board")(the_board))
    else:
        site.app.add_url_rule("/board/", "board", the_board)
        protection = site.app.extensions["gatehouse"].house.part(Protection)
        protection.add(Policy(target=site.app, public=frozenset(), roles=("board",)))
    # There is none yet: nobody makes it who has not got what it opens.
    refused(site, BeyondOwnRights, lambda work: roles.make(work, name="board", by=helper))
    with site.work() as work:
        roles.make(work, name="board")
        roles.make(work, name="label")
    attempts: list[Callable[[Work], object]] = [
        lambda work: roles.grant(work, user=reader, role="board", by=helper),
        lambda work: roles.change(work, name="board", about="", permissions=DESK, by=helper),
        lambda work: roles.remove(work, name="board", by=helper),
    ]
    for attempt in attempts:
        refused(site, BeyondOwnRights, attempt)
    with site.work() as work:
        # A name that nothing asks for is worth nothing.
        roles.grant(work, user=reader, role="label", by=helper)
        roles.grant(work, user=reader, role="board")
        roles.grant(work, user=reader, role="readers")
    attempts = [
        lambda work: roles.revoke(work, user=reader, role="label", by=helper),
        lambda work: roles.change(work, name="label", about="", permissions=DESK, by=helper),
        lambda work: roles.remove(work, name="readers", by=helper),
    ]
    for attempt in attempts:
        refused(site, OutOfReach, attempt)
    with site.work() as work:
        # Whoever may enter there has it to give, as long as they have it.
        roles.grant(work, user=helper, role="board", until=work.now + timedelta(days=2))
    refused(
        site,
        BeyondOwnRights,
        lambda work: roles.grant(work, user=people["reader"], role="board", by=helper),
    )
    with site.work() as work:
        roles.revoke(work, user=reader, role="board", by=helper)
        soon = work.now + timedelta(days=1)
        roles.grant(work, user=reader, role="board", until=soon, by=helper)


def test_adm_03_whoever_may_do_as_much_by_rights_and_by_name_is_an_equal(
    site: GatehouseTester, people: dict[str, User]
) -> None:
    site.app.add_url_rule("/board/", "board", roles_required("board")(the_board))
    peer = site.add_user("peer", password=None)
    with site.work() as work:
        roles.make(work, name="board")
        roles.make(work, name="label")
        for role in ("desk", "board"):
            roles.grant(work, user=people["helper"], role=role)
        for role in ("desk", "board", "label"):
            roles.grant(work, user=peer, role=role)
    refused(site, OutOfReach, lambda work: roles.remove(work, name="label", by=people["helper"]))
    refused(
        site,
        OutOfReach,
        lambda work: roles.revoke(work, user=peer, role="label", by=people["helper"]),
    )


@pytest.mark.parametrize("then", ["suspended", "over", "demoted"])
def test_whoever_lost_it_meanwhile_changes_nothing(
    site: GatehouseTester, people: dict[str, User], then: str
) -> None:
    helper = people["helper"]
    with site.work() as work:
        if then == "suspended":
            users.suspend(work, user=users.named(work.db, "helper"))
        elif then == "over":
            soon = work.now + timedelta(seconds=1)
            roles.grant(work, user=helper, role="desk", until=soon)
        else:
            roles.change(work, name="desk", about="", permissions=())
    site.clock.move(timedelta(seconds=1))
    acts: list[Callable[[Work], object]] = [
        lambda work: roles.make(work, name="new", by=helper),
        lambda work: roles.change(work, name="readers", about="x", permissions=(), by=helper),
        lambda work: roles.remove(work, name="readers", by=helper),
        lambda work: roles.grant(work, user=people["boss"], role="readers", by=helper),
        lambda work: roles.revoke(work, user=people["reader"], role="readers", by=helper),
    ]
    for act in acts:
        refused(site, NotHere, act)


def at_once(site: GatehouseTester, acts: list[Callable[[Work], object]]) -> list[str]:
    """Do all of this at the same time; return how each ended."""
    start = threading.Barrier(len(acts))
    ends: list[str] = []

    def run(act: Callable[[Work], object]) -> None:
        start.wait()
        for _ in range(20):
            try:
                with site.work() as work:
                    act(work)
            except Refusal as refusal:
                ends.append(refusal.code)
                return
            except Exception:  # noqa: BLE001, S112 - told to try again, as a person would
                continue
            ends.append("done")
            return
        ends.append("given up")

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def test_of_many_who_make_one_role_at_once_one_does(site: GatehouseTester) -> None:
    ends = at_once(site, [lambda work: roles.make(work, name="desk")] * 16)
    assert sorted(ends) == ["done"] + ["roles.taken"] * 15


def test_of_many_who_take_a_role_away_at_once_one_does(
    site: GatehouseTester, people: dict[str, User]
) -> None:
    def revoke(work: Work) -> None:
        roles.revoke(work, user=people["reader"], role="readers")

    assert sorted(at_once(site, [revoke] * 16)) == ["done"] + ["roles.not_given"] * 15


def test_of_two_who_change_a_role_from_one_look_one_does(
    site: GatehouseTester, people: dict[str, User]
) -> None:
    assert people

    def change(permission: str) -> Callable[[Work], object]:
        return lambda work: roles.change(
            work, name="readers", about="", permissions=(permission,), seen=("people.read",)
        )

    ends = at_once(site, [change("people.edit"), change("people.delete")] * 8)
    assert sorted(ends) == ["done"] + ["roles.changed_meanwhile"] * 15


def test_adm_03_who_loses_the_desk_and_who_hands_out_follow_each_other(
    site: GatehouseTester, people: dict[str, User]
) -> None:
    members = [site.add_user(f"member{number:02}", password=None) for number in range(15)]

    def give(user: User) -> Callable[[Work], object]:
        return lambda work: roles.grant(work, user=user, role="readers", by=people["helper"])

    def lose(work: Work) -> None:
        roles.revoke(work, user=people["helper"], role="desk")

    ends = at_once(site, [lose, *(give(user) for user in members)])
    given = ends.count("done") - 1
    assert ends.count("roles.not_permitted") == len(members) - given
    with site.work() as work, work.reading() as db:
        found = roles.holders(db, role=roles.one(db, "readers"), now=work.now).total
    assert found == 1 + given


def test_a_role_is_given_or_deleted_and_never_half_of_both(
    site: GatehouseTester, people: dict[str, User]
) -> None:
    def give(work: Work) -> None:
        roles.grant(work, user=people["boss"], role="readers")

    def remove(work: Work) -> None:
        roles.remove(work, name="readers")

    ends = at_once(site, [give, remove] * 8)
    assert ends.count("given up") == 0
    assert "readers" not in [each.name for each in state(site)]
    with site.work() as work, work.reading() as db:
        assert roles.given(db, user_id=people["boss"].id, now=work.now)[0].name == "bosses"
        assert len(roles.given(db, user_id=people["boss"].id, now=work.now)) == 1
