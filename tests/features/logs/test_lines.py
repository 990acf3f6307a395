"""Lines of the log: one each, with what a program needs, and nothing that opens anything."""

import io
import json
import logging
import re
from typing import Any

import pytest

from flask_gatehouse import Gatehouse
from flask_gatehouse.features.logs.lines import TOLD, JsonFormatter, TextFormatter
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.features.viewing.stories import end, looking
from tests.security.walk import invitation_for

ALL = {"GATEHOUSE_LOGS_REQUESTS": True, "GATEHOUSE_LOGS_EVENTS": True}


@pytest.fixture
def watched(make_site: MakeSite, database_url: str) -> GatehouseTester:
    return GatehouseTester(make_site(database_url, **ALL))


def lines(caplog: pytest.LogCaptureFixture, logger: str) -> list[dict[str, Any]]:
    """Return what programs read of one logger."""
    written = [JsonFormatter().format(each) for each in caplog.records if each.name == logger]
    assert all(len(line.splitlines()) == 1 for line in written)
    return [json.loads(line) for line in written]


def test_each_answer_gets_a_line_with_its_route(
    watched: GatehouseTester, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gatehouse")
    link = invitation_for(watched, watched.add_user("alice", password=None))
    page = watched.client().get(f"{link}?next=/marker")
    (line,) = lines(caplog, "gatehouse.requests")
    assert line["route"] == "/invitation/<secret>/"
    assert line["method"] == "GET"
    assert line["status"] == page.status_code == 303
    assert line["endpoint"] == "gatehouse.passwords.open_invitation"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert link.split("/")[2] not in json.dumps(line)
    assert "marker" not in json.dumps(line)


def test_the_answer_says_what_its_line_is_called(
    watched: GatehouseTester, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gatehouse")
    seen = [watched.client().get("/login/").headers["X-Request-ID"] for _ in range(2)]
    assert len(set(seen)) == 2
    told = [JsonFormatter().format(each) for each in caplog.records]
    assert len(told) == 2


@pytest.mark.parametrize(
    ("proxies", "sent", "kept"),
    [
        (0, "abc-123", None),
        (1, "abc-123", "abc-123"),
        (1, "x" * 65, None),
        (1, "a b", None),
        (1, "{}", None),
    ],
)
def test_what_a_request_is_called_outside_is_believed_of_proxies_only(
    make_site: MakeSite,
    sqlite_url: str,
    caplog: pytest.LogCaptureFixture,
    proxies: int,
    sent: str,
    kept: str | None,
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_TRUSTED_PROXIES=proxies, **ALL))
    caplog.set_level(logging.INFO, "gatehouse")
    page = site.client().get("/login/", headers={"X-Request-ID": sent})
    (line,) = lines(caplog, "gatehouse.requests")
    assert line.get("proxy_request_id") == kept
    assert page.headers["X-Request-ID"] != sent


def test_a_path_or_method_that_is_not_ours_is_not_repeated(
    watched: GatehouseTester, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gatehouse")
    watched.client().open("/marker-of-a-secret/", method="MARKER")
    (line,) = lines(caplog, "gatehouse.requests")
    assert (line["route"], line["method"], line["status"]) == (None, "other", 404)
    assert "marker" not in json.dumps(line).lower()


def test_asvs_16_4_3_each_event_gets_a_line_after_its_commit(
    watched: GatehouseTester, caplog: pytest.LogCaptureFixture
) -> None:
    alice = watched.add_user("alice")
    caplog.set_level(logging.INFO, "gatehouse")
    forms.sign_in(watched.client(), "alice", "wrong and long enough")
    forms.sign_in(watched.client(), "alice", PASSWORD)
    told = lines(caplog, "gatehouse.events")
    refused, done = (
        next(line for line in told if line["event"] == name)
        for name in ("login.refused", "login.succeeded")
    )
    assert refused["outcome"] == "refused"
    assert done["about"] == done["actor"] == str(alice.id)
    assert done["address"] == "127.0.0.1"
    assert done["facts"]["methods"] == ["password"]
    assert {line["request_id"] for line in told} <= {
        line["request_id"] for line in lines(caplog, "gatehouse.requests") if "request_id" in line
    } | {refused["request_id"], done["request_id"]}


def test_without_the_settings_there_is_no_such_line(
    site: GatehouseTester, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "gatehouse")
    page = site.client().get("/login/")
    site.add_user("alice")
    forms.sign_in(site.client(), "alice")
    assert not [each for each in caplog.records if each.name.startswith("gatehouse.")]
    assert "X-Request-ID" not in page.headers


@pytest.mark.parametrize("text", ["a\nb", "a\r\n{}", "a\u2028b", "a\x1b[31mb", 'a"b\\'])
def test_asvs_16_4_1_nothing_from_outside_begins_a_line(text: str) -> None:
    record = logging.LogRecord("gatehouse", logging.INFO, "", 0, "%s", (text,), None)
    setattr(record, TOLD, {"agent": text})
    for formatter in (JsonFormatter(), TextFormatter()):
        line = formatter.format(record)
        assert len(line.splitlines()) == 1
        assert line.isprintable()
    assert json.loads(JsonFormatter().format(record))["message"] == text


def test_asvs_16_4_1_an_error_that_repeats_what_was_sent_begins_no_line_of_its_own() -> None:
    forged = "2026-11-28T12:00:00.000Z INFO gatehouse.events: recorded event=login.succeeded"
    error = ValueError(f"sent\n{forged}\x1b[2K\r{forged}\u2028{forged}")
    info = (ValueError, error, None)
    record = logging.LogRecord("gatehouse", logging.ERROR, "", 0, "broken", (), info)
    first, *below = TextFormatter().format(record).splitlines()
    assert first.endswith("ERROR gatehouse: broken")
    assert len(below) == 4
    assert all(line.startswith("  ") and line.isprintable() for line in below)


def test_a_line_tells_who_really_acts_and_as_whom(
    watched: GatehouseTester, caplog: pytest.LogCaptureFixture
) -> None:
    client, viewer, alice = looking(watched)
    caplog.set_level(logging.INFO, "gatehouse.requests")
    written = logging.StreamHandler(io.StringIO())
    written.setFormatter(JsonFormatter())
    logging.getLogger("gatehouse.requests").addHandler(written)
    try:
        client.get("/account/")
        end(client)
        client.get("/account/")
    finally:
        logging.getLogger("gatehouse.requests").removeHandler(written)
    told = [json.loads(line) for line in written.stream.getvalue().splitlines()]
    during, after = told[0], told[-1]
    assert (during["user_id"], during["viewing_as"]) == (str(viewer.id), str(alice.id))
    assert after["user_id"] == str(viewer.id)
    assert "viewing_as" not in after


def test_an_error_is_one_line_for_programs(site: GatehouseTester) -> None:
    with pytest.raises(ValueError, match="three") as caught:
        int("of\nthree\nlines")
    info = (ValueError, caught.value, caught.tb)
    record = logging.LogRecord("gatehouse", logging.ERROR, "", 0, "broken", (), info)
    line = JsonFormatter().format(record)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["error"] == "ValueError"
    assert "Traceback" in json.loads(line)["traceback"]
    assert isinstance(Gatehouse.log_formatter(site.app), TextFormatter)
