"""The commands: what they do, what they refuse, and that a refusal changes nothing.

Most run in this process, on every kind of database; what only a real process shows (bytes, the
environment, files) runs the installed `gatehouse`.
"""

import json
import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from flask_gatehouse import Gatehouse, Misconfigured
from flask_gatehouse.core import settings as declarations
from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.settings import Declared, Secret, written
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.base import Base
from flask_gatehouse.db.migrations import runner
from flask_gatehouse.db.settings import DatabaseSettings
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import LastAdministrator
from flask_gatehouse.features.users.models import Identifier, User
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from flask_gatehouse.web.settings import WebSettings
from gatehouse_site.app import create_app
from tests.forms import send, sign_in
from tests.newest import NEWEST

MakeSite = Callable[..., Flask]

GATEHOUSE = Path(sys.executable).parent / "gatehouse"
LINK = re.compile(r"http://127\.0\.0\.1:5000/invitation/[A-Za-z0-9_-]{43}/\n")
OTHER_PASSWORD = "nine loud kettles"

#: Databases on which two transactions of one thread may stand open side by side.
servers = pytest.mark.parametrize("database_url", ["postgres", "mariadb"], indirect=True)


def run(site: GatehouseTester, *args: str, stdin: str | bytes | None = None) -> Result:
    """Run `flask gatehouse …` in this process."""
    return site.app.test_cli_runner().invoke(args=["gatehouse", *args], input=stdin)


def done(site: GatehouseTester, *args: str, stdin: str | bytes | None = None) -> str:
    """Run a command that succeeds; return what it said."""
    result = run(site, *args, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def everything(site: GatehouseTester) -> dict[str, list[str]]:
    """Return every row of every table."""
    with site.work() as work:
        return {
            table.name: sorted(repr(tuple(row)) for row in work.db.execute(table.select()))
            for table in Base.metadata.sorted_tables
        }


def refused(site: GatehouseTester, *args: str, stdin: str | bytes | None = None) -> str:
    """Run a command that is refused as the contract says; return the one line that says why."""
    before = everything(site)
    result = run(site, *args, stdin=stdin)
    assert (result.exit_code, result.stdout) == (1, ""), (result.output, result.exception)
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert line.isprintable()
    assert everything(site) == before
    return line.removeprefix("Error: ")


def create(site: GatehouseTester, name: str, *options: str) -> str:
    return done(site, "users", "create", name, *options, "--password-stdin", stdin=f"{PASSWORD}\n")


def person(site: GatehouseTester, name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(done(site, "users", "show", name, "--json"))
    return told


# Accounts


def test_create_makes_an_account_that_can_sign_in(site: GatehouseTester) -> None:
    assert create(site, "alice") == "Created alice.\n"
    assert sign_in(site.client(), "alice").status_code == 303
    assert not person(site, "alice")["admin"]


def test_create_makes_an_administrator_with_an_address(site: GatehouseTester) -> None:
    create(site, "alice", "--admin", "--email", "Alice@example.org")
    told = person(site, "alice@EXAMPLE.org")
    assert (told["username"], told["email"], told["admin"], told["active"]) == (
        "alice",
        "Alice@example.org",
        True,
        True,
    )


def test_create_with_an_invitation_prints_nothing_but_the_link(site: GatehouseTester) -> None:
    result = run(site, "users", "create", "alice", "--invite")
    assert result.exit_code == 0
    assert LINK.fullmatch(result.stdout)
    assert result.stderr == "Created alice.\n"
    client = site.client()
    client.get(result.stdout.strip().removeprefix("http://127.0.0.1:5000"))
    assert send(client, "/invitation/", password=PASSWORD).status_code == 303
    assert sign_in(site.client(), "alice").status_code == 303


def test_an_invitation_is_sent_to_the_address_as_well(tester: GatehouseTester) -> None:
    link = done(
        tester, "users", "create", "alice", "--invite", "--email", "alice@example.org"
    ).strip()
    (mail,) = tester.mails()
    assert mail["To"] == "alice@example.org"
    body = mail.get_body(("plain",))
    assert body is not None
    assert link in body.get_content()


def test_a_new_invitation_voids_the_one_before(site: GatehouseTester) -> None:
    first = done(site, "users", "create", "alice", "--invite").strip()
    second = done(site, "users", "invite", "alice").strip()
    answers = []
    for link in (first, second):
        client = site.client()
        client.get(link.removeprefix("http://127.0.0.1:5000"))
        answers.append(client.get("/invitation/").status_code)
    assert answers == [409, 200]


def test_create_closes_the_set_up_page(site: GatehouseTester) -> None:
    with site.app.app_context():
        link = Gatehouse.new_setup_link()
    assert link is not None
    path = link.removeprefix("http://127.0.0.1:5000")
    assert site.client().get(path).status_code == 200
    create(site, "alice")
    assert site.client().get(path).status_code == 404
    with site.app.app_context():
        assert Gatehouse.new_setup_link() is None


def test_list_names_everybody_in_order(site: GatehouseTester) -> None:
    create(site, "bob", "--email", "bob@example.org")
    create(site, "alice", "--admin")
    done(site, "users", "suspend", "bob")
    assert done(site, "users", "list") == "alice  -  admin\nbob  bob@example.org  suspended\n"


def test_list_as_json_prints_one_object_a_line(site: GatehouseTester) -> None:
    create(site, "bob", "--email", "bob@example.org")
    create(site, "alice", "--admin")
    rows = [json.loads(line) for line in done(site, "users", "list", "--json").splitlines()]
    assert [row["username"] for row in rows] == ["alice", "bob"]
    expected = {"id", "username", "email", "active", "deactivated", "admin", "created", "updated"}
    assert [row.keys() for row in rows] == [expected] * 2
    assert rows[0] == person(site, "alice")
    assert rows[1]["created"] == "2026-06-15T12:00:00+00:00"


def test_list_of_nobody_is_empty(site: GatehouseTester) -> None:
    assert done(site, "users", "list") == ""
    assert done(site, "users", "list", "--json") == ""


def test_list_prints_more_than_one_page_once_each(tester: GatehouseTester) -> None:
    with tester.work() as work:
        for n in range(1001):
            users.create(work, username=f"person{n:04}")
    names = [line.split()[0] for line in done(tester, "users", "list").splitlines()]
    assert names == [f"person{n:04}" for n in range(1001)]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ali", ["alice", "alison"]),
        ("ALI", ["alice", "alison"]),
        ("example.org", ["bob"]),
        ("%", []),
        ("_", ["b_ob"]),
        ("\\", []),
        ("'", []),
        ("\0", []),
        ("\ud800", []),
        ("", ["alice", "alison", "b_ob", "bob"]),
    ],
)
def test_list_finds_by_parts_of_names_and_addresses(
    site: GatehouseTester, search: str, found: list[str]
) -> None:
    with site.work() as work:
        for name in ("alice", "alison", "b_ob"):
            users.create(work, username=name)
        users.create(work, username="bob", email="bob@example.org")
    listed = done(site, "users", "list", "--search", search).splitlines()
    assert [line.split()[0] for line in listed] == found


def test_show_tells_everything_but_secrets(site: GatehouseTester) -> None:
    create(site, "alice", "--email", "alice@example.org")
    told = done(site, "users", "show", "alice")
    assert [line.split()[0] for line in told.splitlines()] == [
        "id",
        "username",
        "email",
        "active",
        "deactivated",
        "admin",
        "created",
        "updated",
    ]
    assert "argon2" not in told


def test_suspend_ends_the_sessions_and_restore_revives_none(site: GatehouseTester) -> None:
    create(site, "alice")
    client = site.client()
    sign_in(client, "alice", remember="y")
    assert done(site, "users", "suspend", "alice") == "Suspended alice.\n"
    assert client.get("/admin/").status_code == 302
    assert sign_in(site.client(), "alice").status_code == 401
    assert done(site, "users", "restore", "alice") == "Restored alice.\n"
    assert client.get("/admin/").status_code == 302
    assert sign_in(site.client(), "alice").status_code == 303


def test_end_sessions_signs_out_everywhere_and_lets_in_again(site: GatehouseTester) -> None:
    create(site, "alice")
    create(site, "bob")
    clients = [site.client() for _ in range(3)]
    for client, name in zip(clients, ("alice", "alice", "bob"), strict=True):
        sign_in(client, name, remember="y")
    done(site, "users", "end-sessions", "alice")
    assert [client.get("/admin/").status_code for client in clients] == [302, 302, 200]
    with site.work() as work:
        assert len(work.db.scalars(select(Session)).all()) == 2
    assert sign_in(site.client(), "alice").status_code == 303


def test_set_password_replaces_the_password_and_signs_out(site: GatehouseTester) -> None:
    create(site, "alice")
    client = site.client()
    sign_in(client, "alice")
    said = done(
        site, "users", "set-password", "alice", "--password-stdin", stdin=f"{OTHER_PASSWORD}\n"
    )
    assert said == "Set the password of alice.\n"
    assert client.get("/admin/").status_code == 302
    assert sign_in(site.client(), "alice").status_code == 401
    assert sign_in(site.client(), "alice", OTHER_PASSWORD).status_code == 303


def test_promote_and_demote_change_who_administers(site: GatehouseTester) -> None:
    create(site, "alice", "--admin")
    create(site, "bob")
    assert done(site, "users", "promote", "bob") == "bob is an administrator.\n"
    assert person(site, "bob")["admin"]
    assert done(site, "users", "demote", "alice") == "alice is no administrator.\n"
    assert not person(site, "alice")["admin"]


# Refusals


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["alice"], "Somebody has this user name already."),
        ([" ALICE "], "Somebody has this user name already."),
        (["bob", "--email", "ALICE@example.org"], "Somebody has this e-mail address already."),
        (
            ["bob", "--email", "not an address"],
            "That is not an e-mail address that letters can be sent to.",
        ),
        (["b"], "A user name has at least 2 characters."),
        (["b" * 65], "A user name has at most 64 characters."),
    ],
)
@pytest.mark.parametrize("how", ["--password-stdin", "--invite"])
def test_create_refuses_what_is_taken_or_no_name(
    tester: GatehouseTester, args: list[str], sentence: str, how: str
) -> None:
    tester.add_user("alice", email="alice@example.org")
    assert refused(tester, "users", "create", *args, how, stdin=f"{PASSWORD}\n") == sentence


HOSTILE = [
    "",
    " ",
    "a b",
    "a\nb",
    "a\tb",
    "a\0b",
    "\x1b[31mred\x1b[0m",
    "abc\u202edef",
    "admin\u200b",
    "\u0430lice",
    "../../etc/passwd",
    "a'; DROP TABLE gatehouse_user;--",
    "{{7*7}}",
    "%s%s%n",
    "<script>",
    "\ud800\udc00",
    "a@b",
    ".alice",
    "alice.",
    "_alice",
    "a" * 100_000,
    "\u0301" * 3000,
    "\ufdfa" * 200,
]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: repr(name[:20]))
def test_hostile_names_are_refused_and_never_repeated(tester: GatehouseTester, name: str) -> None:
    stdin = f"{PASSWORD}\n"
    said = refused(tester, "users", "create", "--password-stdin", "--", name, stdin=stdin)
    assert said.startswith("A user name ")
    for command in ("show", "suspend"):
        assert refused(tester, "users", command, "--", name) == "There is no such account."


@pytest.mark.parametrize(
    "address",
    [
        "a@b",
        "a@b@c.example",
        "Ann <ann@example.org>",
        "ann@example.org\nBcc: x@example.org",
        "ann@[127.0.0.1]",
        '"a b"@example.org',
        "ann@example.org,bob@example.org",
        "\ud800@example.org",
        "ann@\ud800.org",
        "a\0@example.org",
        "a" * 300 + "@example.org",
    ],
    ids=lambda address: repr(address[:30]),
)
def test_hostile_addresses_are_refused(tester: GatehouseTester, address: str) -> None:
    said = refused(tester, "users", "create", "ann", "--email", address, "--invite")
    assert said == "That is not an e-mail address that letters can be sent to."


def test_a_name_longer_than_its_column_is_refused_everywhere(site: GatehouseTester) -> None:
    # Composed only once its case is folded, so it is shown twice as long as it is compared.
    name = "J\N{COMBINING CARON}" * 40
    said = refused(site, "users", "create", name, "--password-stdin", stdin=f"{PASSWORD}\n")
    assert said == "A user name has at most 64 characters."


def test_an_address_that_is_accepted_can_be_invited(tester: GatehouseTester) -> None:
    address = "ann@bücher.example"
    kept = run(
        tester, "users", "create", "a1", "--email", address, "--password-stdin", stdin=PASSWORD
    )
    if kept.exit_code == 0:
        with tester.work() as work:
            users.named(work.db, "a1").email = None
            for claimed in work.db.scalars(select(Identifier).where(Identifier.kind == "email")):
                work.db.delete(claimed)
    invited = run(tester, "users", "create", "a2", "--email", address, "--invite")
    assert invited.exit_code == kept.exit_code, invited.output


@pytest.mark.parametrize(
    "command",
    ["show", "suspend", "restore", "promote", "demote", "end-sessions", "invite", "set-password"],
)
def test_nothing_can_be_done_to_an_account_that_is_not_there(
    site: GatehouseTester, command: str
) -> None:
    extra = ["--password-stdin"] if command == "set-password" else []
    said = refused(site, "users", command, "nobody", *extra, stdin=f"{PASSWORD}\n")
    assert said == "There is no such account."


@pytest.mark.parametrize(
    "args",
    [
        ["users"],
        ["db"],
        ["users", "create"],
        ["users", "create", "alice"],
        ["users", "create", "alice", "--invite", "--password-stdin"],
        ["users", "create", "alice", "bob", "--invite"],
        ["users", "create", "alice", "--no-such-option"],
        ["users", "set-password", "root"],
        ["users", "show"],
        ["users", "list", "extra"],
        ["users", "vanish", "root"],
        ["db", "sideways"],
        ["settings", "extra"],
        ["doctor", "--quietly"],
        ["no-such-command"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2_and_changes_nothing(
    tester: GatehouseTester, args: list[str]
) -> None:
    tester.add_user("root", admin=True)
    before = everything(tester)
    result = run(tester, *args, stdin=f"{PASSWORD}\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: ")
    assert everything(tester) == before


# Passwords on standard input


@pytest.mark.parametrize(
    ("stdin", "password"),
    [
        (f"{PASSWORD}\n", PASSWORD),
        (f"{PASSWORD}\r\n", PASSWORD),
        (PASSWORD, PASSWORD),
        (f"{PASSWORD}\nand more\n", PASSWORD),
        (f" {PASSWORD} \n", f" {PASSWORD} "),
        ("sieben stille Störche\n", "sieben stille Störche"),
        ("sieben stille Sto\u0308rche\n", "sieben stille Störche"),
    ],
)
def test_the_password_is_one_line_as_it_stands(
    tester: GatehouseTester, stdin: str, password: str
) -> None:
    done(tester, "users", "create", "alice", "--password-stdin", stdin=stdin)
    assert sign_in(tester.client(), "alice", password).status_code == 303


@pytest.mark.parametrize(
    "stdin",
    [
        "",
        "\n",
        "\r\n",
        f"\n{PASSWORD}\n",
        "too short\n",
        "seven quiet\0 herons\n",
        "x" * 1_000_000 + "\n",
        "a" * 20 + "\n",
        "passwordpassword\n",
        "alice@example.org\n",
        b"seven quiet herons \xff\xfe\n",
        b"seven quiet herons \xed\xa0\x80\n",
    ],
    ids=lambda stdin: repr(stdin[:20]),
)
def test_a_password_that_breaks_a_rule_is_refused(
    tester: GatehouseTester, stdin: str | bytes
) -> None:
    tester.add_user("bob")
    how = ["--email", "alice@example.org", "--password-stdin"]
    assert refused(tester, "users", "create", "alice", *how, stdin=stdin)
    if b"alice" not in (stdin if isinstance(stdin, bytes) else stdin.encode()):
        assert refused(tester, "users", "set-password", "bob", "--password-stdin", stdin=stdin)
    assert sign_in(tester.client(), "bob").status_code == 303


# The last administrator


@pytest.mark.parametrize("command", ["suspend", "demote"])
def test_the_last_administrator_stays(site: GatehouseTester, command: str) -> None:
    site.add_user("root", admin=True)
    site.add_user("alice")
    said = refused(site, "users", command, "root")
    assert said.startswith("This is the last active administrator")


@pytest.mark.parametrize("command", ["suspend", "demote"])
def test_a_suspended_administrator_does_not_count(site: GatehouseTester, command: str) -> None:
    site.add_user("root", admin=True)
    site.add_user("deputy", admin=True)
    done(site, "users", "suspend", "deputy")
    assert refused(site, "users", command, "root")
    assert done(site, "users", "demote", "deputy")
    done(site, "users", "restore", "deputy")
    assert refused(site, "users", command, "root")


Step = Callable[..., None]


def _take(site: GatehouseTester, gate: threading.Barrier, step: Step, name: str) -> bool:
    gate.wait(timeout=60)
    try:
        with site.work() as work:
            step(work, user=users.named(work.db, name))
    except LastAdministrator:
        return False
    return True


def administrators(site: GatehouseTester) -> int:
    with site.work() as work:
        return len(work.db.scalars(select(User).where(User.is_admin, User.active)).all())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (users.suspend, users.suspend),
        (users.unmake_administrator, users.unmake_administrator),
        (users.suspend, users.unmake_administrator),
    ],
)
def test_two_who_remove_one_another_at_once_leave_one(
    site: GatehouseTester, one: Step, other: Step
) -> None:
    for n in range(3):
        names = (f"one{n}", f"other{n}")
        with site.work() as work:
            for name in names:
                users.create(work, username=name, admin=True)
            for user in work.db.scalars(select(User).where(User.username.not_in(names))):
                user.is_admin = False
        gate = threading.Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            taken = list(pool.map(partial(_take, site, gate), (one, other), names))
        assert sorted(taken) == [False, True]
        assert administrators(site) == 1


@servers
def test_somebody_who_became_the_last_administrator_meanwhile_is_not_suspended(
    site: GatehouseTester,
) -> None:
    site.add_user("root", admin=True)
    site.add_user("alice")
    outcome: type[Refusal] | None = None
    try:
        with site.work() as suspending:
            alice = users.named(suspending.db, "alice")
            with site.work() as work:
                users.make_administrator(work, user=users.named(work.db, "alice"))
                users.unmake_administrator(work, user=users.named(work.db, "root"))
            users.suspend(suspending, user=alice)
    except LastAdministrator as refusal:
        outcome = type(refusal)
    assert administrators(site) == 1
    assert outcome is LastAdministrator


# The database


def test_db_upgrade_says_what_it_did(tmp_path: Path, make_site: MakeSite) -> None:
    app = make_site(f"sqlite:///{tmp_path / 'fresh.db'}")
    invoke = partial(app.test_cli_runner().invoke, args=["gatehouse", "db", "upgrade"])
    assert invoke().stdout == f"The tables went from nothing to {NEWEST}.\n"
    assert invoke().stdout == f"The tables are up to date ({NEWEST}).\n"


def test_db_check_is_content_with_the_newest_tables(site: GatehouseTester) -> None:
    assert done(site, "db", "check") == f"The tables are as this release expects ({NEWEST}).\n"
    assert json.loads(done(site, "db", "check", "--json")) == {
        "good": True,
        "current": NEWEST,
        "newest": NEWEST,
        "differences": [],
    }


def test_db_check_of_an_empty_database_is_refused_and_makes_nothing(
    tmp_path: Path, make_site: MakeSite
) -> None:
    app = make_site(f"sqlite:///{tmp_path / 'fresh.db'}")
    result = app.test_cli_runner().invoke(args=["gatehouse", "db", "check"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == (
        f"Error: The tables are at nothing, expected {NEWEST}: run gatehouse db upgrade."
    )
    engine = app.extensions["gatehouse"].works.engine
    assert runner.check(engine).current is None


@pytest.mark.parametrize(
    "args",
    [
        ["users", "list"],
        ["users", "show", "alice"],
        ["users", "create", "alice", "--invite"],
        ["users", "suspend", "alice"],
    ],
    ids=" ".join,
)
def test_without_tables_a_command_is_refused_in_one_line(
    tmp_path: Path, make_site: MakeSite, args: list[str]
) -> None:
    app = make_site(f"sqlite:///{tmp_path / 'fresh.db'}")
    result = app.test_cli_runner().invoke(args=["gatehouse", *args])
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert "gatehouse db upgrade" in line


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody:tr0ub4dor@127.0.0.1:1/x",
        "mysql://nobody:tr0ub4dor@127.0.0.1:1/x",
        "sqlite:////proc/no/such/folder.db",
    ],
)
@pytest.mark.parametrize(
    "args",
    [["users", "list"], ["db", "upgrade"], ["db", "check"], ["users", "create", "a1", "--invite"]],
    ids=" ".join,
)
def test_without_a_database_a_command_is_refused_in_one_line(
    make_site: MakeSite, url: str, args: list[str]
) -> None:
    result = make_site(url).test_cli_runner().invoke(args=["gatehouse", *args])
    assert (result.exit_code, result.stdout) == (1, ""), result.exception
    line = result.stderr.splitlines()[-1]
    assert line.startswith("Error: ")
    assert "tr0ub4dor" not in result.output
    assert "Traceback" not in result.output


# Settings


def all_groups() -> dict[str, type[Any]]:
    groups: dict[str, type[Any]] = {
        "": CoreSettings,
        "web": WebSettings,
        "database": DatabaseSettings,
    }
    return groups | {each.name: each.settings for each in FEATURES if each.settings is not None}


def all_declared() -> Iterator[Declared]:
    for group, shape in all_groups().items():
        yield from declarations.declared(group, shape)


def test_settings_prints_every_declared_setting(tester: GatehouseTester) -> None:
    printed = done(tester, "settings")
    for each in all_declared():
        assert f"\n{each.key} = " in f"\n{printed}"
        assert each.meaning in printed
        assert f"Source: {each.source}" in printed


def test_settings_as_json_have_name_value_default_unit_origin_source_meaning(
    tester: GatehouseTester,
) -> None:
    rows = json.loads(done(tester, "settings", "--json"))
    assert [row["name"] for row in rows] == [each.key for each in all_declared()]
    assert {frozenset(row) for row in rows} == {
        frozenset({"name", "value", "default", "unit", "from", "source", "meaning"})
    }
    by_name = {row["name"]: row for row in rows}
    idle = by_name["GATEHOUSE_SESSIONS_IDLE_LIMIT"]
    assert (idle["value"], idle["default"], idle["from"]) == ("1h", "1h", "default")
    assert by_name["GATEHOUSE_PASSWORDS_HASH_MEMORY"]["value"] == "8KiB"
    assert by_name["GATEHOUSE_PASSWORDS_HASH_MEMORY"]["from"] == "app.config"
    assert all(row["meaning"] and row["unit"] for row in rows)


def test_settings_can_show_only_what_was_changed(
    make_site: MakeSite, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEHOUSE_SITE_NAME", "Clubhouse")
    app = make_site(sqlite_url)
    rows = json.loads(
        app.test_cli_runner().invoke(args=["gatehouse", "settings", "--changed", "--json"]).stdout
    )
    by_name = {row["name"]: row for row in rows}
    assert by_name["GATEHOUSE_SITE_NAME"]["from"] == "environment"
    assert by_name["GATEHOUSE_SITE_NAME"]["value"] == "Clubhouse"
    assert "GATEHOUSE_SESSIONS_IDLE_LIMIT" not in by_name


SECRETS = {
    "GATEHOUSE_SECRET_KEY": "kL9vQ2xT7mWc4RbZ1nYp8sDf6gHj3aEu",
    "GATEHOUSE_SECRET_KEY_FALLBACKS": "oI5uY2tR8eW1qA4sD7fG0hJ3kL6zX9cV",
    "GATEHOUSE_DATABASE_URL": "postgresql://clerk:tr0ub4dor@127.0.0.1/club",
    "GATEHOUSE_REDIS_URL": "redis://:tr0ub4dor@127.0.0.1:6379/0",
    "GATEHOUSE_MAIL_URL": "smtp://clerk:tr0ub4dor@mail.example:587",
}


@pytest.mark.parametrize("options", [[], ["--json"], ["--changed"]], ids=str)
@pytest.mark.parametrize("name", SECRETS)
def test_settings_never_print_a_secret(
    make_site: MakeSite, sqlite_url: str, name: str, options: list[str]
) -> None:
    app = make_site(**{"url": sqlite_url, name: SECRETS[name]})
    printed = app.test_cli_runner().invoke(args=["gatehouse", "settings", *options]).output
    assert name in printed
    assert SECRETS[name] not in printed
    assert "tr0ub4dor" not in printed


@pytest.mark.parametrize("each", list(all_declared()), ids=lambda each: each.key)
def test_a_default_may_be_written_down_as_it_is_printed(each: Declared) -> None:
    shape = all_groups()[each.group]
    config = {each.key: written(each.default)}
    if isinstance(each.default, Secret):
        config = {each.key: str(each.default)}
    read = declarations.read({each.group: shape}, config=config, environment={})
    assert getattr(read[shape], each.name) == each.default


WRONG = [
    ("GATEHOUSE_SESSIONS_IDLE_LIMT", "1h", "GATEHOUSE_SESSIONS_IDLE_LIMIT"),
    ("GATEHOUSE_SESSION_IDLE_LIMIT", "1h", "GATEHOUSE_SESSIONS_IDLE_LIMIT"),
    ("GATEHOUSE_DATABSE_URL", "sqlite://", "GATEHOUSE_DATABASE_URL"),
    ("GATEHOUSE_SECRETKEY", SECRETS["GATEHOUSE_SECRET_KEY"], "GATEHOUSE_SECRET_KEY"),
    ("GATEHOUSE_SESSIONS_IDLE_LIMIT", "an hour", "a time such as 30m"),
    ("GATEHOUSE_SESSIONS_IDLE_LIMIT", "60", "a time such as 30m"),
    ("GATEHOUSE_SESSIONS_IDLE_LIMIT", "-1h", "a time such as 30m"),
    ("GATEHOUSE_SESSIONS_IDLE_LIMIT", "1s", "at least 1m"),
    ("GATEHOUSE_SESSIONS_ABSOLUTE_LIMIT", "31d", "at most 30d"),
    ("GATEHOUSE_PASSWORDS_MINIMUM", "7", "at least 8"),
    ("GATEHOUSE_PASSWORDS_MINIMUM", "many", "a whole number"),
    ("GATEHOUSE_PASSWORDS_HASH_MEMORY", "64Mib", "a size such as 64MiB"),
    ("GATEHOUSE_THROTTLING_NETWORK", "0/10m", "a rate such as 10/15m"),
    ("GATEHOUSE_THROTTLING_NETWORK", "often", "a rate such as 10/15m"),
    ("GATEHOUSE_WEB_HEADERS", "none", "one of own, all"),
    ("GATEHOUSE_TRUSTED_PROXIES", "yes", "a whole number"),
    ("GATEHOUSE_PUBLIC_URL", "example.org", "https://example.org"),
    ("GATEHOUSE_DATABASE_URL", "tr0ub4dor", "postgresql://user:password@host/name"),
    ("GATEHOUSE_DATABASE_URL", "oracle://tr0ub4dor@127.0.0.1/x", "SQLite, PostgreSQL and MariaDB"),
    ("GATEHOUSE_REDIS_URL", "tr0ub4dor", "redis://host:6379/0"),
    ("GATEHOUSE_PASSWORDS_HASH_LANES", "16", "cost"),
]


@pytest.mark.parametrize("place", ["app.config", "environment"])
@pytest.mark.parametrize(("name", "value", "said"), WRONG, ids=lambda each: str(each)[:40])
def test_a_wrong_setting_stops_the_start_with_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    said: str,
    place: str,
) -> None:
    config: dict[str, object] = {"TESTING": True, "GATEHOUSE_HOME": str(tmp_path)}
    config["GATEHOUSE_PASSWORDS_HASH_MEMORY"] = "8KiB"
    config["GATEHOUSE_PASSWORDS_HASH_TIME"] = "1"
    if place == "environment":
        config.pop(name, None)
        monkeypatch.setenv(name, value)
    else:
        config[name] = value
    with pytest.raises(Misconfigured) as stopped:
        create_app(config)
    sentence = str(stopped.value)
    assert said in sentence
    assert "\n" not in sentence
    assert "tr0ub4dor" not in sentence
    assert SECRETS["GATEHOUSE_SECRET_KEY"] not in sentence


@pytest.mark.parametrize(
    "key",
    ["short", "x" * 40, "change-me-" * 5, "this is my secret key, please do not tell", "é" * 9],
)
def test_a_weak_secret_key_stops_the_start_and_is_not_printed(tmp_path: Path, key: str) -> None:
    config = {"GATEHOUSE_HOME": str(tmp_path), "GATEHOUSE_SECRET_KEY": key}
    with pytest.raises(Misconfigured, match="GATEHOUSE_SECRET_KEY") as stopped:
        create_app(config)
    assert key not in str(stopped.value)


@pytest.mark.parametrize("value", [7, "short", ["oI5uY2tR8eW1qA4sD7fG0hJ3kL6zX9cV", 7]], ids=str)
def test_wrong_fallback_keys_stop_the_start_and_are_not_printed(
    tmp_path: Path, value: object
) -> None:
    config = {"GATEHOUSE_HOME": str(tmp_path), "GATEHOUSE_SECRET_KEY_FALLBACKS": value}
    with pytest.raises(Misconfigured, match="GATEHOUSE_SECRET_KEY_FALLBACKS") as stopped:
        create_app(config)
    assert "oI5uY2tR8eW1qA4sD7fG0hJ3kL6zX9cV" not in str(stopped.value)


def test_hashes_under_every_floor_stop_the_start_outside_of_tests(tmp_path: Path) -> None:
    config = {"GATEHOUSE_HOME": str(tmp_path), "GATEHOUSE_PASSWORDS_HASH_MEMORY": "8MiB"}
    with pytest.raises(Misconfigured, match="under every floor"):
        create_app(config)


def test_login_disabled_stops_the_start_outside_of_tests(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="LOGIN_DISABLED"):
        create_app({"GATEHOUSE_HOME": str(tmp_path), "LOGIN_DISABLED": True})


# The installed command


class Home:
    """A folder of one site, and the installed command in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(
        self, *args: str, stdin: bytes = b"", **env: str
    ) -> "subprocess.CompletedProcess[bytes]":
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GATEHOUSE_", "FLASK_", "LC_", "LANG"))
        }
        return subprocess.run(
            [GATEHOUSE, *args],
            cwd=self.path,
            env={**inherited, "GATEHOUSE_HOME": str(self.path / "home"), **env},
            input=stdin,
            capture_output=True,
            check=False,
            timeout=60,
        )

    def names(self) -> list[str]:
        listed = self.run("users", "list", "--json")
        assert listed.returncode == 0, listed.stderr
        return [json.loads(line)["username"] for line in listed.stdout.splitlines()]


@pytest.fixture
def home(tmp_path: Path, migrated_file: Path) -> Home:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    (folder / "gatehouse.db").write_bytes(migrated_file.read_bytes())
    (folder / "gatehouse.db").chmod(0o600)
    return Home(tmp_path)


def test_a_fresh_home_is_made_for_its_owner_only(tmp_path: Path) -> None:
    fresh = Home(tmp_path)
    upgraded = fresh.run("db", "upgrade")
    said = f"The tables went from nothing to {NEWEST}.\n".encode()
    assert (upgraded.returncode, upgraded.stdout) == (0, said)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "home", *(tmp_path / "home").iterdir())
    }
    assert modes["home"] == 0o700
    assert modes["secret_key"] == 0o600
    assert {mode for name, mode in modes.items() if name.startswith("gatehouse.db")} == {0o600}
    doctor = fresh.run("doctor")
    assert doctor.returncode == 0
    assert b"unsafe" not in doctor.stdout


def test_the_installed_command_makes_accounts_once(home: Home) -> None:
    stdin = f"{PASSWORD}\r\n".encode()
    made = home.run("users", "create", "alice", "--admin", "--password-stdin", stdin=stdin)
    assert (made.returncode, made.stdout, made.stderr) == (0, b"Created alice.\n", b"")
    again = home.run("users", "create", "Alice", "--password-stdin", stdin=stdin)
    assert (again.returncode, again.stdout) == (1, b"")
    assert again.stderr == b"Error: Somebody has this user name already.\n"
    assert home.names() == ["alice"]


@pytest.mark.parametrize(
    ("stdin", "errors"),
    [
        (b"seven quiet herons \xff\n", "strict"),
        (b"seven quiet herons \xed\xa0\x80\n", "surrogateescape"),
        (b"\xff\xfe" + "seven quiet herons\n".encode("utf-16-le"), "surrogateescape"),
    ],
    ids=["no UTF-8", "surrogate", "UTF-16"],
)
def test_bytes_that_are_no_text_are_refused_in_one_line(
    home: Home, stdin: bytes, errors: str
) -> None:
    # Strict in most locales, and lenient in those called C and POSIX.
    encoding = f"utf-8:{errors}"
    result = home.run(
        "users", "create", "alice", "--password-stdin", stdin=stdin, PYTHONIOENCODING=encoding
    )
    assert (result.returncode, result.stdout) == (1, b"")
    assert len(result.stderr.splitlines()) == 1, result.stderr.decode()
    assert home.names() == []


def test_bytes_that_are_no_text_are_no_name_either(home: Home) -> None:
    result = home.run("users", "create", os.fsdecode(b"al\xffice"), "--invite", LC_ALL="C.UTF-8")
    assert (result.returncode, result.stdout) == (1, b"")
    assert len(result.stderr.splitlines()) == 1
    searched = home.run("users", "list", "--search", os.fsdecode(b"al\xffice"), LC_ALL="C.UTF-8")
    assert (searched.returncode, searched.stdout, searched.stderr) == (0, b"", b"")


def test_names_of_other_scripts_are_printed_in_any_locale(home: Home) -> None:
    made = home.run("users", "create", "жанна", "--invite", LC_ALL="C")
    assert made.returncode == 0, made.stderr
    assert "жанна".encode() in made.stderr
    assert home.names() == ["жанна"]


def test_an_unknown_variable_stops_every_command_and_names_the_nearest(home: Home) -> None:
    for command in (["users", "list"], ["run"]):
        result = home.run(*command, GATEHOUSE_SESSIONS_IDLE_LIMT="1h")
        assert (result.returncode, result.stdout) == (1, b"")
        assert result.stderr.decode() == (
            "Error: GATEHOUSE_SESSIONS_IDLE_LIMT in the environment is not a setting; "
            "the nearest real one is GATEHOUSE_SESSIONS_IDLE_LIMIT.\n"
        )


def test_an_unknown_variable_stops_the_doctor_too(home: Home) -> None:
    result = home.run("doctor", GATEHOUSE_PASSWORD_MINIMUM="8")
    assert result.returncode == 1
    assert b"the nearest real one is GATEHOUSE_PASSWORDS_MINIMUM" in result.stderr


def test_doctor_calls_a_site_without_https_unsafe(home: Home) -> None:
    result = home.run("doctor", "--json", "--offline", GATEHOUSE_PUBLIC_URL="http://club.example")
    findings = json.loads(result.stdout)
    assert result.returncode == 1
    unsafe = [finding["what"] for finding in findings if finding["severity"] == "unsafe"]
    assert unsafe == ["The public URL is http://club.example, without https."]
    assert findings[0].keys() == {"severity", "what", "why", "mend"}


def test_doctor_sees_files_that_others_may_read_and_tables_that_are_missing(
    tmp_path: Path,
) -> None:
    bare = Home(tmp_path)
    bare.run("settings")
    (tmp_path / "home" / "secret_key").chmod(0o644)
    result = bare.run("doctor")
    assert result.returncode == 1
    said = result.stdout.decode()
    assert f"chmod 600 {tmp_path / 'home' / 'secret_key'}" in said
    assert "gatehouse db upgrade" in said


def test_the_commands_of_the_site_and_of_flask_are_the_same(home: Home) -> None:
    assert home.run("users", "create", "alice", "--invite").returncode == 0
    listed = subprocess.run(
        [
            sys.executable,
            "-m",
            "flask",
            "--app",
            "gatehouse_site.app",
            "gatehouse",
            "users",
            "list",
        ],
        cwd=home.path,
        env={**os.environ, "GATEHOUSE_HOME": str(home.path / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (listed.returncode, listed.stdout) == (0, "alice  -\n")
