"""Roles in the console: who sees what, who may change what, and what is refused."""

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms


def editor(site: GatehouseTester, *permissions: str) -> FlaskClient:
    """Return the browser of somebody who may change roles, and this as well."""
    user = site.add_user("keeper")
    with site.work() as work:
        roles.make(work, name="keepers", permissions=("roles.edit", *permissions))
        roles.grant(work, user=user, role="keepers")
    return site.client(user)


def with_reader(site: GatehouseTester) -> None:
    reader = site.add_user("reader")
    with site.work() as work:
        roles.make(work, name="readers", about="They read.", permissions=("people.read",))
        roles.grant(work, user=reader, role="readers")


def allowed(site: GatehouseTester, name: str) -> frozenset[str]:
    with site.work() as work, work.reading() as db:
        return roles.permissions(db, roles.one(db, name))


def send(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    token = forms.token(client.get(path))
    return client.post(path, data={"csrf_token": token, **fields})


def seen(client: FlaskClient, path: str) -> list[str]:
    return re.findall(r'name="seen" value="([^"]+)"', client.get(path).text)


def test_an_administrator_makes_changes_and_deletes_a_role(site: GatehouseTester) -> None:
    client = site.client(site.add_user("chief", admin=True))
    made = send(
        client, "/admin/new-role/", name="desk", about="At the desk", permission=["people.read"]
    )
    assert (made.status_code, made.location) == (303, "/admin/roles/desk/")
    assert "Find people" in client.get("/admin/roles/desk/").text
    assert "At the desk" in client.get("/admin/roles/").text
    there = "/admin/roles/desk/change/"
    changed = send(
        client, there, about="Outside", permission=["people.suspend"], seen=seen(client, there)
    )
    assert changed.status_code == 303
    assert allowed(site, "desk") == {"people.suspend"}
    assert send(client, "/admin/roles/desk/delete/").location == "/admin/roles/"
    assert client.get("/admin/roles/desk/").status_code == 404


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"name": ""}, 422, "Give the role a name"),
        ({"name": "Desk"}, 422, "small letters"),
        ({"name": "administrator"}, 422, "kept for administrators"),
        ({"name": "readers"}, 409, "a role of this name"),
        ({"name": "desk", "about": "x" * 255}, 422, "254 characters"),
        ({"name": "desk", "permission": ["people.*"]}, 422, "no such permission"),
        ({"name": "desk", "permission": ["people.read", "nothing"]}, 422, "no such permission"),
    ],
)
def test_what_cannot_be_a_role_is_said_and_changes_nothing(
    site: GatehouseTester, fields: dict[str, object], status: int, said: str
) -> None:
    with_reader(site)
    client = site.client(site.add_user("chief", admin=True))
    page = send(client, "/admin/new-role/", **fields)
    assert page.status_code == status
    assert said in page.text
    with site.work() as work, work.reading() as db:
        assert [each.name for each in roles.everyone(db, now=work.now)] == ["readers"]


def test_what_an_editor_may_not_do_themselves_is_shown_and_not_theirs_to_tick(
    site: GatehouseTester,
) -> None:
    client = editor(site, "people.read")
    page = client.get("/admin/new-role/").text
    boxes = {
        value: "disabled" in rest
        for value, rest in re.findall(r'name="permission" value="([^"]+)"([^>]*)>', page)
    }
    assert not boxes["people.read"]
    assert boxes["people.delete"]
    sent = send(client, "/admin/new-role/", name="mine", permission=["people.delete"])
    assert sent.status_code == 403
    assert "more than you may do yourself" in sent.text
    with site.work() as work, work.reading() as db:
        assert [each.name for each in roles.everyone(db, now=work.now)] == ["keepers"]


def test_names_are_shown_to_whoever_may_see_people_only(site: GatehouseTester) -> None:
    with_reader(site)
    client = editor(site)
    for path in ("/admin/roles/readers/", "/admin/roles/"):
        page = client.get(path)
        assert page.status_code == 200
        assert ">reader<" not in page.text
        assert "1 person" in page.text
    chief = site.client(site.add_user("chief", admin=True))
    for path in ("/admin/roles/readers/", "/admin/roles/readers/delete/"):
        assert ">reader<" in chief.get(path).text


def test_the_holders_of_a_role_are_shown_page_by_page(site: GatehouseTester) -> None:
    with_reader(site)
    for number in range(50):
        user = site.add_user(f"a{number:02}", password=None)
        with site.work() as work:
            roles.grant(work, user=user, role="readers")
    chief = site.client(site.add_user("chief", admin=True))
    first = chief.get("/admin/roles/readers/").text
    assert ">a00<" in first
    assert ">reader<" not in first
    last = chief.get("/admin/roles/readers/?page=2").text
    assert ">reader<" in last
    assert ">a00<" not in last
    for odd in ("0", "-1", "x", "99999999999999999999"):
        assert chief.get(f"/admin/roles/readers/?page={odd}").status_code == 200


def test_a_role_that_somebody_else_changed_meanwhile_is_looked_at_again(
    site: GatehouseTester,
) -> None:
    with_reader(site)
    client = site.client(site.add_user("chief", admin=True))
    there = "/admin/roles/readers/change/"
    before = seen(client, there)
    with site.work() as work:
        roles.change(work, name="readers", about="", permissions=("people.suspend",))
    page = send(client, there, about="", permission=["people.read", "people.edit"], seen=before)
    assert page.status_code == 409
    assert "Somebody else changed this role" in page.text
    assert allowed(site, "readers") == {"people.suspend"}


@pytest.mark.parametrize("act", ["change", "delete"])
def test_a_role_that_an_editor_has_themselves_is_not_theirs_to_change(
    site: GatehouseTester, act: str
) -> None:
    client = editor(site, "people.read")
    there = f"/admin/roles/keepers/{act}/"
    send(client, there, permission=["roles.edit"], seen=["people.read", "roles.edit"])
    assert allowed(site, "keepers") == {"roles.edit", "people.read"}


def test_a_role_with_another_name_is_not_there(site: GatehouseTester) -> None:
    with_reader(site)
    client = site.client(site.add_user("chief", admin=True))
    token = forms.token(client.get("/admin/new-role/"))
    for name in ("Readers", "readers ", "READERS", "nobody", "%25", "administrator"):
        for rest in ("", "change/", "delete/"):
            assert client.get(f"/admin/roles/{name}/{rest}").status_code == 404
            if rest:
                sent = client.post(f"/admin/roles/{name}/{rest}", data={"csrf_token": token})
                assert sent.status_code == 404
    assert allowed(site, "readers") == {"people.read"}


def test_whoever_wanted_a_page_of_the_console_arrives_there(tester: GatehouseTester) -> None:
    tester.add_user("chief", admin=True)
    client = tester.client()
    wanted = client.get("/admin/roles/").location
    arrived = forms.send(client, wanted, username="chief", password=PASSWORD)
    assert arrived.location == "/admin/roles/"
