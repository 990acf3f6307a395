"""OWASP ASVS 5.0, V16: the record, and what is said when something breaks."""

import logging
import re
from datetime import UTC

import pytest
from flask import Flask

from flask_gatehouse.extension import events_of
from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.security.walk import (
    UNLIMITED,
    ask,
    events,
    invitation_for,
    people,
    rows,
    set_cookies,
    setup_link,
    who,
)


def something_of_everything(tester: GatehouseTester) -> None:
    path = setup_link(tester)
    fields = {"username": "chief", "email": "chief@example.org", "password": "seven quiet herons"}
    forms.send(tester.client(), path, **fields)
    runner = tester.app.test_cli_runner()
    for args in (
        ["create", "alice", "--email", "alice@example.org", "--invite"],
        ["suspend", "alice"],
        ["restore", "alice"],
        ["promote", "alice"],
        ["demote", "alice"],
        ["end-sessions", "alice"],
    ):
        assert runner.invoke(args=["gatehouse", "users", *args]).exit_code == 0
    client = tester.client()
    client.get("/invitation/" + "A" * 42 + "8/")
    client.get("/invitation/")
    forms.sign_in(client, "chief", "wrong")
    forms.sign_in(client, "chief")
    forms.send(client, "/logout/")
    client.post("/login/")


def test_asvs_16_2_1_every_event_says_when_where_who_and_what(site: GatehouseTester) -> None:
    something_of_everything(site)
    found = rows(site, AuditRow)
    declared = {event.name: event for event in events_of(FEATURES)}
    assert len({row.name for row in found}) >= 10
    for row in found:
        assert row.name in declared
        assert row.at is not None
        assert row.outcome == declared[row.name].outcome
        assert row.channel in {"web", "command", "worker"}
        if row.channel == "web":
            assert row.address == "127.0.0.1"
            assert row.agent
            assert re.fullmatch(r"[A-Za-z0-9_-]{22}", row.request_id or "")


def test_asvs_16_2_2_every_time_is_utc(site: GatehouseTester) -> None:
    something_of_everything(site)
    for row in rows(site, AuditRow):
        assert row.at.tzinfo is not None
        assert row.at.utcoffset() == UTC.utcoffset(row.at)
        assert row.at == site.clock.now()


def test_asvs_16_2_5_the_record_holds_no_secret_and_no_address(site: GatehouseTester) -> None:
    something_of_everything(site)
    told = repr([(row.facts, row.agent, row.session_id) for row in rows(site, AuditRow)])
    for secret in ("seven quiet herons", "@example.org", "gh1s", "$argon2", "wrong"):
        assert secret not in told


MATRIX = {
    "login.refused": "refused",
    "login.succeeded": "done",
    "login.ended": "done",
    "sessions.ended": "done",
    "passwords.set": "done",
    "passwords.invitation_made": "done",
    "users.created": "done",
    "users.suspended": "done",
    "users.restored": "done",
    "users.administrator_made": "done",
    "users.administrator_unmade": "done",
}


def test_asvs_16_3_1_each_thing_leaves_its_event(site: GatehouseTester) -> None:
    something_of_everything(site)
    for name, outcome in MATRIX.items():
        found = events(site, name)
        assert found, name
        assert {row.outcome for row in found} == {outcome}
    (opened,) = [row for row in events(site, "login.succeeded") if row.facts["methods"]][-1:]
    assert opened.facts["methods"] == ["password"]


def test_asvs_16_3_2_who_may_not_enter_is_written_down(site: GatehouseTester) -> None:
    kinds = people(site)
    for kind in ("member", "remembered"):
        before = {row.id for row in rows(site, AuditRow)}
        assert kinds[kind].get("/admin/people/").status_code == 403
        (row,) = [row for row in rows(site, AuditRow) if row.id not in before]
        assert row.outcome == "refused"
        assert row.actor_id is not None
        assert row.session_id


def test_asvs_16_3_3_a_form_from_elsewhere_is_logged(
    site: GatehouseTester, caplog: pytest.LogCaptureFixture
) -> None:
    """In the log and not in the record: a stranger must not be able to fill a table."""
    caplog.set_level(logging.INFO, "gatehouse")
    before = len(rows(site, AuditRow))
    for headers in ({}, {"Origin": "https://evil.example"}):
        caplog.clear()
        assert site.client().post("/logout/", headers=headers).status_code == 400
        (record,) = [each for each in caplog.records if each.name == "gatehouse"]
        assert "web.foreign_form" in record.getMessage()
        assert "evil.example" not in record.getMessage()
    assert len(rows(site, AuditRow)) == before


def test_asvs_16_3_3_limits_and_bad_links_are_written_down(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_THROTTLING_NAME_AND_NETWORK="2/15m"))
    for _ in range(5):
        forms.sign_in(site.client(), "alice", "wrong")
    (row,) = events(site, "throttling.limit_reached")
    assert row.facts == {"limit": "name and network"}
    user = site.add_user()
    path = invitation_for(site, user)
    client = site.client()
    client.get(path)
    forms.send(client, "/invitation/", password="nine patient otters swim")
    client.get(path)
    assert client.get("/invitation/").status_code == 409
    assert len(events(site, "proofs.refused")) == 1


def test_asvs_16_3_4_what_breaks_is_logged_once_with_the_id_of_the_request(
    crashing: GatehouseTester, caplog: pytest.LogCaptureFixture
) -> None:
    page = crashing.client().get("/crash/")
    told = re.search(r"<code>([A-Za-z0-9_-]{22})</code>", page.text)
    assert told is not None
    records = [record for record in caplog.records if record.name == "gatehouse"]
    assert len(records) == 1
    assert told[1] in records[0].getMessage()
    assert records[0].exc_info is not None


def test_asvs_16_4_1_a_line_is_a_line(site: GatehouseTester) -> None:
    forged = 'x\r\n{"event": "login.succeeded"}\x1b[2J'
    client = site.client()
    token = forms.token(client.get("/login/"))
    client.post(
        "/login/",
        data={"csrf_token": token, "username": forged, "password": forged},
        environ_overrides={"HTTP_USER_AGENT": forged},
    )
    (row,) = events(site, "login.refused")
    assert re.search(r"[\r\n\x1b]", f"{row.agent} {row.facts}") is None


class BrokenError(Exception):
    """Something that nobody expected."""


def break_in_many_places(app: Flask) -> Flask:
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/crash/")
    def crash() -> str:
        raise BrokenError("SELECT secret FROM /home/somebody/app.py")

    @app.get("/crash-in-template/")
    def crash_in_template() -> str:
        from flask import render_template_string  # noqa: PLC0415 - the host's own

        return render_template_string("{{ 1 / 0 }}")

    @app.before_request
    def before() -> None:
        from flask import request  # noqa: PLC0415 - the host's own

        if request.path == "/crash-before/":
            raise BrokenError("SELECT secret")

    @app.after_request
    def after(response: object) -> object:
        from flask import request  # noqa: PLC0415 - the host's own

        if request.path == "/crash-after/":
            raise BrokenError("SELECT secret")
        return response

    return app


@pytest.fixture
def crashing(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    return GatehouseTester(break_in_many_places(make_site(sqlite_url, **UNLIMITED)))


PLACES = ("/crash/", "/crash-in-template/", "/crash-before/")


@pytest.mark.parametrize("path", PLACES)
def test_asvs_16_5_1_what_breaks_is_told_to_nobody(crashing: GatehouseTester, path: str) -> None:
    for client in (crashing.client(), crashing.client(crashing.add_user())):
        page = ask(client, path)
        assert page.status_code == 500
        assert page.mimetype == "text/html"
        for told in ("SELECT", "secret", "/home", ".py", "Traceback", "Broken", "division"):
            assert told not in page.text, told
        assert re.search(r"<code>[A-Za-z0-9_-]{22}</code>", page.text)


@pytest.mark.parametrize("path", [*PLACES, "/crash-after/"])
def test_asvs_16_5_4_wherever_it_breaks_it_is_logged_and_answered(
    crashing: GatehouseTester, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    page = ask(crashing.client(), path)
    assert page.status_code == 500
    assert "SELECT" not in page.text
    assert "Traceback" not in page.text
    assert any(record.levelno >= logging.ERROR for record in caplog.records)
    assert ask(crashing.client(), "/login/").status_code == 200


def test_asvs_16_5_3_who_cannot_be_counted_or_recorded_does_not_come_in(
    patient: GatehouseTester,
) -> None:
    from sqlalchemy import text  # noqa: PLC0415 - only here

    from tests.security.walk import engine_of  # noqa: PLC0415 - only here

    patient.add_user()
    for table in ("gatehouse_throttle", "gatehouse_audit", "gatehouse_session"):
        engine = engine_of(patient.app)
        with engine.begin() as connection:
            connection.execute(
                text(
                    f"CREATE TRIGGER breaks BEFORE INSERT ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'it breaks'); END"
                )
            )
        client = patient.client()
        page = forms.sign_in(client)
        assert page.status_code in {500, 503}, table
        assert "gatehouse" not in set_cookies(page)
        assert who(client) == "nobody"
        with engine.begin() as connection:
            connection.execute(text("DROP TRIGGER breaks"))
    assert forms.sign_in(patient.client()).status_code == 303


def test_asvs_16_5_2_without_a_mail_server_an_invitation_waits(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_MAIL_URL="smtp://127.0.0.1:1?tls=none"))
    args = ["gatehouse", "users", "create", "alice", "--email", "alice@example.org", "--invite"]
    assert site.app.test_cli_runner().invoke(args=args).exit_code == 0
    done = site.app.test_cli_runner().invoke(args=["gatehouse", "mail", "work", "--once"])
    assert done.exit_code == 0
    assert "1 to be tried again" in done.output
    listed = site.app.test_cli_runner().invoke(args=["gatehouse", "mail", "list"])
    assert "waiting" in listed.output
    assert "/invitation/" not in listed.output
