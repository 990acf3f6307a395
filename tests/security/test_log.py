"""What is written down: enough to see what happened, and no secret."""

import json
import logging
import re
from pathlib import Path

import pytest
from sqlalchemy import text

from flask_gatehouse import Misconfigured
from flask_gatehouse.core.settings import Secret
from flask_gatehouse.db.base import Base
from flask_gatehouse.extension import events_of
from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.logs.lines import JsonFormatter, TextFormatter
from flask_gatehouse.features.passwords.models import Password
from flask_gatehouse.features.sessions import rules as session_rules
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.testing import GatehouseTester
from gatehouse_site.app import create_app
from tests import forms
from tests.conftest import MakeSite
from tests.security.walk import (
    FORM,
    REMEMBER,
    SESSION,
    UNLIMITED,
    ask,
    engine_of,
    events,
    invitation_for,
    people,
    routes,
    rows,
    setup_link,
)

FIRST = "marker-one five slow larks"
SECOND = "marker-two six grey seals"
WRONG = "marker-three is wrong here"
TYPED = "marker-four-typed-as-a-name"


def audit_of(tester: GatehouseTester) -> str:
    told = [
        (row.name, row.facts, row.agent, row.address, row.session_id, row.request_id)
        for row in rows(tester, AuditRow)
    ]
    return repr(told)


def test_log_01_no_secret_is_in_the_record_the_logs_or_what_commands_print(
    make_site: MakeSite, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "gatehouse")
    caplog.set_level(logging.DEBUG, "gatehouse_site.app")
    lines = {"GATEHOUSE_LOGS_REQUESTS": True, "GATEHOUSE_LOGS_EVENTS": True}
    tester = GatehouseTester(make_site(database_url, **UNLIMITED, **lines))
    secrets, printed = [FIRST, SECOND, WRONG, TYPED], []

    setup = setup_link(tester)
    client = tester.client()
    client.get("/setup/" + "A" * 43 + "/")
    fields = {"username": "chief", "email": "chief@example.org", "password": FIRST}
    assert forms.send(client, setup, **fields).status_code == 303
    cookies = [forms.cookie(client, name) for name in (SESSION, FORM)]
    token = forms.token(client.get("/account/"))
    client.post("/logout/", data={"csrf_token": token})

    runner = tester.app.test_cli_runner()
    for args, typed in (
        (["create", "alice", "--email", "alice@example.org", "--password-stdin"], FIRST),
        (["set-password", "alice", "--password-stdin"], SECOND),
        (["create", "bob", "--password-stdin"], "short"),
        (["list", "--json"], ""),
        (["show", "alice", "--json"], ""),
        (["suspend", "alice"], ""),
        (["restore", "alice"], ""),
    ):
        done = runner.invoke(args=["gatehouse", "users", *args], input=typed)
        printed.append(done.output)

    forms.sign_in(client, "alice", WRONG)
    forms.sign_in(client, TYPED, WRONG)
    forms.sign_in(client, f"{TYPED}@example.org", WRONG)
    forms.sign_in(client, "alice", SECOND, remember="y")
    cookies += [forms.cookie(client, name) for name in (SESSION, REMEMBER, FORM)]
    token2 = forms.token(client.get("/account/"))
    for route in routes(tester.app):
        ask(client, route.path, "GET", query_string={"next": f"/{TYPED}"})
        ask(client, route.path, "POST", data={"password": WRONG, "username": TYPED})

    link = invitation_for(tester, tester.add_user("carol", email="carol@example.org"))
    client.get(link)
    forms.send(client, "/invitation/", password="short")
    forms.send(client, "/invitation/", password=FIRST)
    forms.send(client, "/invitation/", password=FIRST)

    secrets += [value for value in cookies if value]
    secrets += [value.rpartition(".")[2] for value in cookies if value]
    secrets += [setup.split("/")[2], link.split("/")[2], token, token2]
    secrets += [row.encoded for row in rows(tester, Password)]
    secrets += [str(tester.app.config["SECRET_KEY"])]
    told = {"record": audit_of(tester), "logs": logged(caplog), "commands": "\n".join(printed)}
    found = [
        (where, secret) for where, text_ in told.items() for secret in secrets if secret in text_
    ]
    assert found == []
    assert "alice@example.org" not in told["record"]
    assert "chief@example.org" not in told["record"]
    assert len(rows(tester, AuditRow)) > 15


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return everything that was logged, tracebacks included, as a handler would write it."""
    forms_of_lines = (caplog.handler.format, TextFormatter().format, JsonFormatter().format)
    return "\n".join(form(record) for record in caplog.records for form in forms_of_lines)


#: On which table a statement fails, and what such a statement carries.
BREAKS = {
    "gatehouse_password": ("INSERT", "set-up"),
    "gatehouse_session": ("INSERT", "sign-in"),
    "gatehouse_identifier": ("INSERT", "set-up"),
    "gatehouse_audit": ("INSERT", "sign-in"),
}


@pytest.mark.parametrize("table", BREAKS)
def test_log_01_an_error_of_the_database_logs_no_value_of_a_statement(
    patient: GatehouseTester, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    engine = engine_of(patient.app)
    verb, flow = BREAKS[table]
    path = setup_link(patient) if flow == "set-up" else ""
    if flow == "sign-in":
        patient.add_user("alice", email="alice@example.org", password=FIRST)
    with engine.begin() as connection:
        connection.execute(
            text(
                f"CREATE TRIGGER breaks BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'it breaks'); END"
            )
        )
    client = patient.client()
    if flow == "set-up":
        fields = {"username": "chief", "email": "chief@example.org", "password": FIRST}
        page = forms.send(client, path, **fields)
    else:
        page = forms.sign_in(client, "alice", FIRST)
    assert page.status_code >= 400
    told = logged(caplog)
    for secret in ("$argon2", FIRST, "chief@example.org", "alice@example.org"):
        assert secret not in told
    # Neither a digest, nor any other value of the statement that failed.
    assert "[parameters: (" not in told


def test_log_01_no_setting_that_is_secret_is_printed(
    tmp_path: Path, sqlite_url: str, make_site: MakeSite
) -> None:
    marker = "Zq7-marker_of_a_former_key_Zq7xK1mP9sT3vW5y"
    newest = "Yw4-marker_of_the_newest_key_Yw4aB2cD6eF8gH0j"
    app = make_site(
        sqlite_url,
        GATEHOUSE_SECRET_KEY=newest,
        GATEHOUSE_SECRET_KEY_FALLBACKS=marker,
        GATEHOUSE_MAIL_URL="smtp://user:marker-mail@mail.example.org",
        GATEHOUSE_REDIS_URL="redis://:marker-redis@127.0.0.1:1/0",
    )
    runner = app.test_cli_runner()
    for args in (["settings"], ["settings", "--json"], ["settings", "--changed"], ["doctor"]):
        done = runner.invoke(args=["gatehouse", *args])
        for secret in (marker, newest, "marker-mail", "marker-redis"):
            assert secret not in done.output, args


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEHOUSE_DATABASE_URL", "nonsense://user:marker-of-a-secret@host/x"),
        ("GATEHOUSE_DATABASE_URL", "postgresql://user:marker-of-a-secret@host:nonsense/x"),
        ("GATEHOUSE_SECRET_KEY", "marker-of-a-secret"),
        ("GATEHOUSE_SECRET_KEY_FALLBACKS", "marker-of-a-secret"),
        ("GATEHOUSE_SECRET_KEY_FALLBACKS", {"marker-of-a-secret": 1}),
        ("GATEHOUSE_MAIL_URL", "smtp://user:marker-of-a-secret@"),
        ("GATEHOUSE_REDIS_URL", "nonsense://:marker-of-a-secret@host"),
    ],
)
def test_log_01_a_secret_setting_is_not_repeated_when_it_is_refused(
    tmp_path: Path, name: str, value: object
) -> None:
    with pytest.raises(Misconfigured) as refused:
        create_app({"GATEHOUSE_HOME": str(tmp_path), name: value})
    assert "marker-of-a-secret" not in str(refused.value)
    assert name in str(refused.value)


def test_log_01_the_database_does_not_print_its_password_when_it_is_away(
    make_site: MakeSite,
) -> None:
    url = "postgresql://someone:marker-of-a-secret@127.0.0.1:1/nothing"
    app = make_site(url)
    for args in (["users", "list"], ["doctor"], ["db", "check"], ["db", "upgrade"]):
        done = app.test_cli_runner().invoke(args=["gatehouse", *args])
        assert done.exit_code == 1
        assert "marker-of-a-secret" not in done.output
    page = app.test_client().get("/healthz")
    assert page.status_code == 503
    assert "marker" not in page.text


def test_log_02_no_object_shows_a_secret_when_it_is_printed(site: GatehouseTester) -> None:
    user = site.add_user("alice", email="alice@example.org")
    client = site.client()
    forms.sign_in(client, remember="y")
    invitation_for(site, user)
    handle = session_rules.parse(forms.cookie(client, SESSION))
    assert handle is not None
    secrets = [handle.secret, "$argon2"]
    for mapper in Base.registry.mappers:
        for row in rows(site, mapper.class_):
            for printed in (repr(row), str(row), f"{row}", f"{[row]}"):
                assert not any(secret in printed for secret in secrets)
                for column in mapper.columns:
                    value = getattr(row, column.key, None)
                    if isinstance(value, bytes):
                        assert value.hex() not in printed
                        assert repr(value) not in printed
    assert handle.secret not in repr(handle)
    assert "x" * 9 not in repr(Secret("x" * 9))
    assert "x" * 9 not in f"{Secret('x' * 9)!r} {[Secret('x' * 9)]}"


def happened(tester: GatehouseTester) -> list[str]:
    return [row.name for row in sorted(rows(tester, AuditRow), key=lambda row: (row.at, row.id))]


def test_log_03_each_thing_that_happens_is_told_once_with_who_and_where(
    site: GatehouseTester,
) -> None:
    site.add_user("alice", email="alice@example.org")
    before = len(happened(site))
    client = site.client()
    forms.sign_in(client, "alice", WRONG)
    forms.sign_in(client, "nobody-here", WRONG)
    forms.sign_in(client)
    forms.send(client, "/logout/")
    runner = site.app.test_cli_runner()
    for args in (["suspend", "alice"], ["restore", "alice"], ["end-sessions", "alice"]):
        assert runner.invoke(args=["gatehouse", "users", *args]).exit_code == 0
    names = happened(site)[before:]
    expected = ["login.refused", "login.refused", "login.succeeded", "login.ended"]
    # Whoever is suspended gets a letter about it, and one when it is over.
    expected += ["users.suspended", "mail.posted", "users.restored", "mail.posted"]
    expected += ["sessions.ended"]
    assert sorted(names) == sorted(expected)

    (row,) = events(site, "login.succeeded")
    assert row.channel == "web"
    assert row.address == "127.0.0.1"
    assert row.user_id == row.actor_id
    assert row.session_id
    assert row.request_id
    assert row.outcome == "done"
    wrong, unknown = events(site, "login.refused")
    assert {wrong.user_id, unknown.user_id} == {row.user_id, None}
    assert wrong.outcome == unknown.outcome == "refused"
    (done,) = events(site, "users.suspended")
    assert done.channel == "command"


def test_log_03_what_is_rolled_back_is_not_told(site: GatehouseTester) -> None:
    site.add_user("chief", admin=True)
    before = happened(site)
    runner = site.app.test_cli_runner()
    for args in (["suspend", "chief"], ["demote", "chief"], ["create", "Chief"], ["show", "x"]):
        done = runner.invoke(args=["gatehouse", "users", *args], input=FIRST)
        assert done.exit_code in {1, 2}
    assert happened(site) == before


def test_log_03_a_refusal_is_told_although_its_work_is_rolled_back(site: GatehouseTester) -> None:
    client = site.client()
    client.get("/invitation/" + "A" * 42 + "8/")
    assert client.get("/invitation/").status_code == 409
    assert len(events(site, "proofs.refused")) == 1


def test_log_04_what_is_typed_as_a_name_is_kept_as_a_keyed_hash(
    site: GatehouseTester, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "gatehouse")
    for name in (TYPED, TYPED, TYPED.upper(), "somebody-else"):
        assert forms.sign_in(site.client(), name, WRONG).status_code == 401
    told = audit_of(site) + logged(caplog)
    assert "marker-four" not in told.lower()
    assert "somebody-else" not in told
    hashes = [row.facts["name_hash"] for row in events(site, "login.refused")]
    assert len(set(hashes)) == 2
    assert all(re.fullmatch(r"[0-9a-f]{16}", each) for each in hashes)


def test_log_05_no_switch_of_the_environment_shows_a_debugger(
    make_site: MakeSite, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    app = make_site(sqlite_url)
    app.testing = False

    @app.get("/crash/")
    def crash() -> str:
        message = "the secret is out"
        raise RuntimeError(message)

    client = app.test_client()
    for path in ("/crash/", "/crash/?__debugger__=yes&cmd=resource&f=debugger.js", "/console"):
        page = client.get(path)
        assert page.status_code in {404, 500}
        for told in (
            "the secret is out",
            "Traceback",
            "EVALEX",
            "debugger",
            "Werkzeug/",
            "Python/",
        ):
            assert told not in page.text.replace("__debugger__", ""), (path, told)


def test_log_05_doctor_calls_debug_mode_unsafe(
    make_site: MakeSite, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    done = make_site(sqlite_url).test_cli_runner().invoke(args=["gatehouse", "doctor"])
    assert done.exit_code == 1
    assert "debug" in done.output


FORGED = (
    'alice\r\n{"name": "login.succeeded"}',
    "alice\n2026-06-15 login.succeeded alice",
    "\x1b[2J\x1b[1;1Halice",
    "alice\x00\x07\x9b31m",
    "alice\u2028login.succeeded\u2029\u202e",
    '"}, {"name": "login.succeeded',
)


@pytest.mark.parametrize("text_", FORGED)
def test_inj_06_nothing_that_is_sent_makes_a_line_of_its_own(
    site: GatehouseTester, caplog: pytest.LogCaptureFixture, text_: str
) -> None:
    caplog.set_level(logging.DEBUG, "gatehouse")
    client = site.client()
    token = forms.token(client.get("/login/"))
    raw = text_.encode().decode("latin-1")
    page = client.post(
        "/login/",
        data={"csrf_token": token, "username": text_, "password": text_},
        environ_overrides={"HTTP_USER_AGENT": raw},
    )
    assert page.status_code == 401
    (row,) = rows(site, AuditRow)
    assert row.name == "login.refused"
    for value in (row.agent, json.dumps(row.facts), row.address):
        assert value is not None
        assert value.isprintable() or "\ufffd" in value
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]", value)
    assert all(len(record.getMessage().splitlines()) <= 1 for record in caplog.records)


def test_log_03_every_event_that_is_declared_has_one_name() -> None:
    names = [event.name for event in events_of(FEATURES)]
    assert len(names) == len(set(names)) > 10


def test_log_03_somebody_who_may_not_enter_is_told(site: GatehouseTester) -> None:
    kinds = people(site)
    before = len(happened(site))
    assert kinds["member"].get("/admin/people/").status_code == 403
    names = happened(site)[before:]
    assert len(names) == 1, names
