"""Nobody enters the console by being remembered, or by a proof that is older than their rights."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from flask_gatehouse import permissions_required
from flask_gatehouse.features.people import service as people
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from flask_gatehouse.web.protecting import Policy, Protection
from tests.features.viewing.stories import helper
from tests.forms import cookie, sign_in, token
from tests.security.walk import remembering, who, with_cookies

CONSOLE = ("/admin/people/", "/admin/record/", "/admin/roles/", "/admin/statistics/")


def in_console(client: FlaskClient, path: str = "/admin/people/") -> str:
    """Say what somebody is answered who asks for a page of the console."""
    answer = client.get(path)
    if answer.status_code in {302, 303, 307}:
        return str(answer.location).partition("?")[0]
    return str(answer.status_code)


def numbers(client: FlaskClient) -> bool:
    """Say whether the first page tells how many people there are."""
    return "<dt>Open session" in client.get("/admin/").text


def prove(client: FlaskClient, path: str = "/admin/people/") -> None:
    """Ask for a page, and confirm that one is oneself where it asks for that."""
    asked = client.get(path).location
    data = {"csrf_token": token(client.get(asked)), "password": PASSWORD, "next": path}
    answer = client.post("/confirm/", data=data)
    assert (answer.status_code, answer.location) == (303, path)


def give(site: GatehouseTester, name: str = "alice", role: str = "desk") -> None:
    with site.work() as work:
        people.give_role(work, user_id=users.named(work.db, name).id, role=role, by=None)


def make_role(site: GatehouseTester, name: str = "desk", *permissions: str) -> None:
    with site.work() as work:
        roles.make(work, name=name, permissions=permissions or ("people.read",))


@pytest.mark.parametrize("admin", [True, False])
def test_adm_08_whoever_is_remembered_proves_who_they_are_before_they_enter(
    site: GatehouseTester, *, admin: bool
) -> None:
    rights = ("people.read", "record.read", "roles.edit", "statistics.read")
    client = remembering(site, helper(site, admin=admin, permissions=rights))
    assert who(client) == "helper"
    for path in CONSOLE:
        assert in_console(client, path) == "/confirm/", path
    # The protected area itself is theirs as before: their own card, and the way further.
    assert (in_console(client, "/admin/"), numbers(client)) == ("200", False)
    assert "/admin/people/" in client.get("/admin/").text
    prove(client)
    assert (in_console(client), numbers(client)) == ("200", True)


def test_whoever_may_do_nothing_there_and_is_remembered_sees_their_own_card(
    site: GatehouseTester,
) -> None:
    client = remembering(site, site.add_user("alice"))
    assert in_console(client, "/admin/") == "200"
    assert in_console(client) == "403"


def promote(site: GatehouseTester) -> None:
    with site.work() as work:
        people.promote(work, user_id=users.named(work.db, "alice").id, by=None)


def another_role(site: GatehouseTester) -> None:
    make_role(site)
    give(site)


def more_in_a_role(site: GatehouseTester) -> None:
    with site.work() as work:
        roles.change(work, name="members", about="", permissions=("people.read",))


def a_role_again(site: GatehouseTester) -> None:
    another_role(site)
    with site.work() as work:
        alice = users.named(work.db, "alice")
        people.take_role(work, user_id=alice.id, role="desk", by=None)
    give(site)


GAINS = [promote, another_role, more_in_a_role, a_role_again]


@pytest.mark.parametrize("gain", GAINS)
def test_asvs_7_2_4_a_session_of_before_enters_after_a_proof_and_under_another_handle(
    site: GatehouseTester, gain: Callable[[GatehouseTester], None]
) -> None:
    alice = site.add_user("alice")
    with site.work() as work:
        roles.make(work, name="members")
    give(site, role="members")
    client = site.client(alice)
    thief = with_cookies(site, gatehouse=cookie(client))
    site.clock.move(timedelta(seconds=1))
    gain(site)

    # In the middle of their fresh session, and without a sign-out.
    for each in (client, thief):
        assert (who(each), in_console(each), numbers(each)) == ("alice", "/confirm/", False)
    prove(client)
    assert (in_console(client), numbers(client)) == ("200", True)
    assert who(thief) == "nobody"


def test_a_gain_asks_in_each_session_for_a_proof_of_its_own(site: GatehouseTester) -> None:
    alice = site.add_user("alice")
    one, other = site.client(alice), site.client(alice)
    site.clock.move(timedelta(seconds=1))
    promote(site)
    prove(one)
    assert (in_console(one), in_console(other)) == ("200", "/confirm/")


def test_a_form_that_is_sent_after_a_gain_comes_back_after_the_proof(site: GatehouseTester) -> None:
    bob, chief = site.add_user("bob"), helper(site, "keeper", permissions=("people.read",))
    client = site.client(chief)
    page = client.get(f"/admin/people/{bob.id}/")
    site.clock.move(timedelta(seconds=1))
    with site.work() as work:
        change = ("people.read", "people.suspend")
        roles.change(work, name="role-keeper", about="", permissions=change)
    form = {"csrf_token": token(page), "reason": "spam"}
    answer = client.post(f"/admin/people/{bob.id}/suspend/", data=form)
    assert answer.status_code == 307
    assert answer.location.startswith("/confirm/")
    with site.work() as work:
        assert users.named(work.db, "bob").active


def test_a_page_of_the_host_that_asks_for_a_permission_of_the_console_asks_as_well(
    site: GatehouseTester,
) -> None:
    site.app.add_url_rule("/desk/", "desk", permissions_required("people.read")(the_desk))
    client = remembering(site, site.add_user("keeper", admin=True))
    assert in_console(client, "/desk/") == "/confirm/"
    prove(client, "/desk/")
    assert in_console(client, "/desk/") == "200"


def test_what_a_host_protects_by_a_permission_of_the_console_asks_as_well(
    site: GatehouseTester,
) -> None:
    site.app.add_url_rule("/desk/", "desk", the_desk)
    protection = site.app.extensions["gatehouse"].house.part(Protection)
    policy = Policy(target=site.app, public=frozenset(), permissions=("people.read",))
    protection.add(policy)
    client = remembering(site, site.add_user("keeper", admin=True))
    assert in_console(client, "/desk/") == "/confirm/"
    prove(client, "/desk/")
    assert in_console(client, "/desk/") == "200"


def the_desk() -> str:
    """Be a view of the host."""
    return "the desk"


def test_a_password_proves_it_to_a_whole_sign_in(site: GatehouseTester) -> None:
    site.add_user("keeper", admin=True)
    site.clock.move(timedelta(seconds=1))
    client = site.client()
    sign_in(client, "keeper")
    assert in_console(client) == "200"
