"""Roles and what they allow: decided in one place, from what the database has at this moment."""

from datetime import timedelta

import pytest

from flask_gatehouse import current_user
from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.permissions import Permissions, UnknownPermission
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.roles.errors import (
    AlreadyOver,
    BeyondOwnRights,
    HasNoRole,
    NotHere,
    OutOfReach,
    RoleRefused,
    UndeclaredPermission,
    UnknownRole,
)
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester

SUPPORT = ("people.read", "people.suspend", "roles.grant", "roles.edit")


def with_roles(site: GatehouseTester) -> dict[str, User]:
    """Return an administrator, somebody of support, a reader, and a member."""
    found = {name: site.add_user(name) for name in ("helper", "reader", "member")}
    found["chief"] = site.add_user("chief", admin=True)
    with site.work() as work:
        roles.make(work, name="support", permissions=SUPPORT)
        roles.make(work, name="readers", permissions=("people.read",))
        roles.make(work, name="auditors", permissions=("people.delete",))
        roles.grant(work, user=found["helper"], role="support")
        roles.grant(work, user=found["reader"], role="readers")
    return found


def may(site: GatehouseTester, user: User, permission: str) -> bool:
    with site.app.app_context():
        return user.can(permission)


def test_a_role_allows_what_it_bundles_and_nothing_else(site: GatehouseTester) -> None:
    people = with_roles(site)
    assert may(site, people["reader"], "people.read")
    assert not may(site, people["reader"], "people.suspend")
    assert not may(site, people["member"], "people.read")
    assert may(site, people["chief"], "people.delete")
    with pytest.raises(UnknownPermission):
        may(site, people["chief"], "people.raed")


def test_a_role_is_over_at_its_end(site: GatehouseTester) -> None:
    people = with_roles(site)
    with site.work() as work:
        roles.grant(
            work, user=people["member"], role="readers", until=work.now + timedelta(hours=1)
        )
    assert may(site, people["member"], "people.read")
    site.clock.move(timedelta(hours=1))
    assert not may(site, people["member"], "people.read")
    with site.work() as work, pytest.raises(HasNoRole):
        roles.revoke(work, user=people["member"], role="readers")
    with site.work() as work, pytest.raises(AlreadyOver):
        roles.grant(work, user=people["member"], role="readers", until=work.now)


@pytest.mark.parametrize(
    "name", ["admin,user", "*", " admin", "ADMIN", "unknown", "Readers", "readers ", "", "%"]
)
def test_adm_12_only_the_exact_name_of_a_role_is_one(site: GatehouseTester, name: str) -> None:
    people = with_roles(site)
    with site.work() as work, pytest.raises(UnknownRole):
        roles.grant(work, user=people["member"], role=name)
    with site.work() as work, work.reading() as db:
        assert roles.given(db, user_id=people["member"].id, now=work.now) == []


@pytest.mark.parametrize(
    "name", ["admin,user", "*", " admin", "ADMIN", "", "a" * 65, "1st", "a.b", "administrator"]
)
def test_adm_12_no_role_can_be_called_so(site: GatehouseTester, name: str) -> None:
    with site.work() as work, pytest.raises(RoleRefused):
        roles.make(work, name=name)


def test_a_permission_that_nobody_declares_is_in_no_role(site: GatehouseTester) -> None:
    with site.work() as work, pytest.raises(UndeclaredPermission):
        roles.make(work, name="wild", permissions=("people.*",))


@pytest.mark.parametrize(
    ("who", "act", "refusal"),
    [
        ("helper", lambda w, p: roles.grant(w, user=p["member"], role="auditors", by=p["helper"]),
         BeyondOwnRights),
        ("helper", lambda w, p: roles.grant(w, user=p["helper"], role="readers", by=p["helper"]),
         OutOfReach),
        ("helper", lambda w, p: roles.grant(w, user=p["chief"], role="readers", by=p["helper"]),
         OutOfReach),
        ("helper", lambda w, p: roles.make(w, name="more", permissions=("people.delete",),
                                           by=p["helper"]), BeyondOwnRights),
        ("helper", lambda w, p: roles.change(w, name="readers", about="",
                                             permissions=("people.delete",), by=p["helper"]),
         BeyondOwnRights),
        ("helper", lambda w, p: roles.change(w, name="auditors", about="", permissions=(),
                                             by=p["helper"]), BeyondOwnRights),
        ("helper", lambda w, p: roles.remove(w, name="auditors", by=p["helper"]), BeyondOwnRights),
        ("reader", lambda w, p: roles.grant(w, user=p["member"], role="readers", by=p["reader"]),
         NotHere),
        ("member", lambda w, p: roles.make(w, name="mine", by=p["member"]), NotHere),
    ],
)  # fmt: skip
def test_adm_03_nobody_hands_out_what_they_do_not_have(
    site: GatehouseTester, who: str, act: object, refusal: type[Refusal]
) -> None:
    people = with_roles(site)
    with site.work() as work, work.reading() as db:
        before = roles.everyone(db, now=work.now)
    with pytest.raises(refusal), site.work() as work:
        act(work, people)  # type: ignore[operator] # one of the functions above
    with site.work() as work, work.reading() as db:
        assert roles.everyone(db, now=work.now) == before


def test_what_was_taken_away_a_moment_ago_hands_out_nothing(site: GatehouseTester) -> None:
    people = with_roles(site)
    with site.work() as work:
        roles.revoke(work, user=people["helper"], role="support")
    with pytest.raises(NotHere), site.work() as work:
        roles.grant(work, user=people["member"], role="readers", by=people["helper"])
    with site.work() as work:
        users.suspend(work, user=users.named(work.db, "reader"))
    with site.work() as work, work.reading() as db:
        reader = users.named(db, "reader")
        assert not roles.granted(db, user=reader, now=work.now).permissions


def test_asvs_8_3_2_a_change_of_a_role_acts_on_the_next_request(site: GatehouseTester) -> None:
    people = with_roles(site)
    client = site.client(people["reader"])
    assert client.get("/admin/people/").status_code == 200
    with site.work() as work:
        roles.change(work, name="readers", about="", permissions=())
    assert client.get("/admin/people/").status_code == 403
    with site.work() as work:
        roles.change(work, name="readers", about="", permissions=("people.read",))
    assert client.get("/admin/people/").status_code == 200
    with site.work() as work:
        roles.remove(work, name="readers")
    assert client.get("/admin/people/").status_code == 403


def test_an_actor_whose_way_in_is_over_hands_out_nothing(site: GatehouseTester) -> None:
    people = with_roles(site)
    with site.work() as work:
        users.end_everything(work, user_id=people["helper"].id)
    with pytest.raises(NotHere), site.work() as work:
        roles.grant(work, user=people["member"], role="readers", by=people["helper"])


def test_a_rule_decides_about_one_thing(site: GatehouseTester) -> None:
    people = with_roles(site)
    permissions = site.app.extensions["gatehouse"].house.part(Permissions)

    def own(user: User, thing: str, allowed: bool) -> bool:  # noqa: FBT001 - as rules are called
        return allowed or thing == user.username

    permissions.decide_by("people.edit", own)
    with site.app.app_context():
        assert people["member"].can("people.edit", "member")
        assert not people["member"].can("people.edit", "reader")
        assert not people["member"].can("people.edit")
        assert people["chief"].can("people.edit", "reader")
        with pytest.raises(UnknownPermission):
            people["chief"].can("people.read", "reader")


def test_whoever_is_not_signed_in_may_do_nothing(site: GatehouseTester) -> None:
    @site.app.get("/may")
    def may() -> str:
        return f"{current_user.can('people.read')} {current_user.has_role('readers')}"

    people = with_roles(site)
    assert site.client().get("/may").text == "False False"
    assert site.client(people["reader"]).get("/may").text == "True True"
    assert site.client(people["member"]).get("/may").text == "False False"
    assert site.client(people["chief"]).get("/may").text == "True True"
