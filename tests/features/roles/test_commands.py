"""`gatehouse roles …` and `gatehouse routes`."""

import json

import pytest

from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.testing import GatehouseTester


def run(tester: GatehouseTester, *args: str, typed: str = "") -> tuple[int, str]:
    done = tester.app.test_cli_runner().invoke(args=["gatehouse", *args], input=typed)
    return done.exit_code, done.output


def test_the_life_of_a_role_by_commands(site: GatehouseTester) -> None:
    site.add_user("reader", email="reader@example.org")
    made = run(site, "roles", "make", "desk", "people.read", "--about", "At the desk")
    assert made == (0, "Made desk.\n")
    assert run(site, "roles", "grant", "reader@example.org", "desk", "--until", "30d") == (
        0,
        "reader@example.org has desk until 2026-07-15 12:00 UTC.\n",
    )
    assert (
        run(site, "roles", "change", "desk", "--add", "people.edit", "--take", "people.read")[0]
        == 0
    )
    status, said = run(site, "roles", "show", "desk", "--json")
    told = json.loads(said)
    assert (status, told["about"], told["permissions"]) == (0, "At the desk", ["people.edit"])
    assert told["people"][0]["username"] == "reader"
    assert told["people"][0]["until"] == "2026-07-15T12:00:00+00:00"
    assert json.loads(run(site, "roles", "list", "--json")[1]) == {
        "role": "desk",
        "about": "At the desk",
        "permissions": ["people.edit"],
        "accounts": 1,
    }
    assert run(site, "roles", "remove", "desk", typed="n\n")[0] == 1
    assert "1 account loses desk" in run(site, "roles", "remove", "desk", typed="n\n")[1]
    assert run(site, "roles", "revoke", "reader", "desk") == (0, "reader has desk no more.\n")
    assert run(site, "roles", "remove", "desk") == (0, "Deleted desk.\n")
    assert run(site, "roles", "list") == (0, "")


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (("show", "nothing"), 1, "no such role"),
        (("make", "Desk"), 1, "small letters"),
        (("make", "readers"), 1, "already"),
        (("make", "desk", "people.*"), 1, "no such permission"),
        (("change", "readers"), 2, "Say --add"),
        (("change", "readers", "--take", "people.edit"), 1, "does not allow people.edit"),
        (("change", "readers", "--add", "people.raed"), 1, "no such permission"),
        (("grant", "nobody", "readers"), 1, ""),
        (("grant", "reader", "readers", "--until", "soon"), 2, "neither a length"),
        (("grant", "reader", "readers", "--until", "2020-01-01"), 1, "has passed"),
        (("grant", "reader", "readers", "--until", "0d"), 1, "has passed"),
        (("grant", "reader", "readers", "--until", "999999999d"), 2, "neither a length"),
        (("revoke", "reader", "readers"), 1, "does not have this role"),
        (("remove", "nothing"), 1, "no such role"),
    ],
)
def test_what_a_command_refuses_changes_nothing(
    tester: GatehouseTester, args: tuple[str, ...], status: int, said: str
) -> None:
    tester.add_user("reader")
    with tester.work() as work:
        roles.make(work, name="readers", permissions=("people.read",))
        before = roles.everyone(work.db, now=work.now)
    done = run(tester, "roles", *args)
    assert done[0] == status, done
    assert said in done[1]
    with tester.work() as work, work.reading() as db:
        assert roles.everyone(db, now=work.now) == before


def test_every_permission_is_listed_with_what_it_allows(tester: GatehouseTester) -> None:
    status, said = run(tester, "roles", "permissions", "--json")
    told = {each["permission"]: each["allows"] for each in map(json.loads, said.splitlines())}
    assert status == 0
    assert told["people.delete"] == "Delete accounts"


def test_every_route_of_the_site_says_who_may_enter(tester: GatehouseTester) -> None:
    status, said = run(tester, "routes", "--json")
    assert status == 0
    found = {
        (each["rule"], *each["methods"]): each["who"] for each in map(json.loads, said.splitlines())
    }
    assert found["/admin/people/", "GET"] == "permitted: people.read"
    assert found["/account/", "GET"] == "signed in"
    assert found["/", "GET"] == "public"
    assert run(tester, "routes", "--unmarked") == (0, "")
