"""Several who do something to one person at once, and plans that somebody tampers with."""

from collections.abc import Callable
from functools import partial

import pytest

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.people import bulk
from flask_gatehouse.features.people import service as people
from flask_gatehouse.features.people.errors import ListChanged
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.features.people.test_acting import as_, confirmed, of, said, several, staffed
from tests.flows.test_races import at_once
from tests.forms import token
from tests.security.walk import events, who

__all__ = ["staffed"]

THREADS = 6


def tried(site: GatehouseTester, act: Callable[[Work], object]) -> str:
    """Do something in a unit of work; return how it ended."""
    try:
        with site.app.app_context(), site.work() as work:
            act(work)
    except Refusal as refusal:
        return refusal.code
    return "done"


def test_of_many_who_suspend_somebody_at_once_the_last_one_says_why(
    staffed: GatehouseTester,
) -> None:
    alice = of(staffed, "alice")
    chiefs = [of(staffed, name) for name in ("chief", "second")]

    def suspend(work: Work, number: int) -> None:
        by = chiefs[number % 2]
        people.suspend(work, user_id=alice.id, reason=f"reason {number}", by=by)

    jobs = [partial(tried, staffed, partial(suspend, number=n)) for n in range(THREADS)]
    assert at_once(jobs) == ["done"] * THREADS
    after = of(staffed, "alice")
    assert (after.active, after.epoch) == (False, alice.epoch + THREADS)
    assert after.suspended_reason in {f"reason {n}" for n in range(THREADS)}
    letters = [mail for mail in staffed.mails() if "suspended" in mail["Subject"]]
    assert len(letters) == len(events(staffed, "users.suspended")) == THREADS


def test_of_suspending_and_restoring_at_once_neither_is_done_by_halves(
    staffed: GatehouseTester,
) -> None:
    alice, chief = of(staffed, "alice"), of(staffed, "chief")

    def suspend(work: Work) -> None:
        people.suspend(work, user_id=alice.id, reason="spam", by=chief)

    def restore(work: Work) -> None:
        people.restore(work, user_id=alice.id, by=chief)

    ends = at_once([partial(tried, staffed, act) for act in (suspend, restore) * 3])
    assert set(ends) <= {"done", "people.not_suspended"}
    after = of(staffed, "alice")
    assert after.active is (after.suspended_reason is None)


def test_whoever_is_suspended_while_they_sign_in_is_in_nowhere(staffed: GatehouseTester) -> None:
    alice = of(staffed, "alice")
    clients = [staffed.client() for _ in range(4)]
    form = {"username": "alice", "password": PASSWORD}
    tokens = [token(client.get("/login/")) for client in clients]

    def enter(n: int) -> str:
        answer = clients[n].post("/login/", data={"csrf_token": tokens[n], **form})
        return str(answer.status_code)

    def suspend(work: Work) -> None:
        people.suspend(work, user_id=alice.id, by=None)

    answers = at_once([partial(enter, n) for n in range(4)] + [partial(tried, staffed, suspend)])
    assert answers[-1] == "done"
    assert set(answers[:-1]) <= {"303", "401"}
    assert [who(client) for client in clients] == ["nobody"] * 4


def test_adm_03_who_loses_a_permission_and_who_puts_it_into_a_role_follow_each_other(
    staffed: GatehouseTester,
) -> None:
    helper = of(staffed, "helper")
    with staffed.work() as work:
        editor = ("people.export", "roles.edit", "people.read")
        roles.make(work, name="editors", permissions=editor)
        roles.grant(work, user=helper, role="editors")
        for n in range(THREADS):
            roles.make(work, name=f"empty{n}")

    def lose(work: Work) -> None:
        roles.revoke(work, user=helper, role="editors")

    def add(work: Work, number: int) -> None:
        wanted = ("people.export",)
        roles.change(work, name=f"empty{number}", about="", permissions=wanted, by=helper)

    jobs = [partial(tried, staffed, partial(add, number=n)) for n in range(THREADS)]
    ends = at_once([partial(tried, staffed, lose), *jobs])
    assert ends[0] == "done"
    assert set(ends[1:]) <= {"done", "roles.not_permitted"}
    with staffed.work() as work, work.reading() as db:
        shown = {each.name: each.permissions for each in roles.everyone(db, now=work.now)}
    has = [shown[f"empty{n}"] == ("people.export",) for n in range(THREADS)]
    assert has == [end == "done" for end in ends[1:]]


@pytest.mark.parametrize("left", [("people.read",), ()])
def test_whoever_lost_the_permission_since_the_look_changes_nobody(
    staffed: GatehouseTester, left: tuple[str, ...]
) -> None:
    client, alice = as_(staffed, "helper"), of(staffed, "alice")
    page = several(client, action="suspend", id=[str(alice.id)])
    with staffed.work() as work:
        roles.change(work, name="support", about="", permissions=left)
    done = confirmed(client, page)
    if left:
        assert "Suspend: alice was not changed." in said(staffed, done, client)
    else:
        assert done.status_code == 403
    assert of(staffed, "alice").active


def test_a_seal_of_one_plan_is_none_of_another_that_is_spelled_alike(
    site: GatehouseTester,
) -> None:
    house: House = site.app.extensions["gatehouse"].house
    by, one, other = (site.add_user(name, password=None) for name in ("chief", "one", "other"))
    seal = plan(one, reason=f"spam\0{other.id.hex}").seal(house, by=by)
    with pytest.raises(ListChanged):
        plan(other, one, reason="spam").must_be(house, by=by, seal=seal)


def plan(*people_of_it: User, reason: str) -> bulk.Plan:
    """Return a plan that suspends people."""
    ids = [each.id for each in people_of_it]
    return bulk.made(action="suspend", user_ids=ids, reason=reason)
