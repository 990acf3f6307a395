"""What the doctor finds, in deployments that have one thing wrong."""

import json
import os
import re
import socket
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert
from werkzeug.serving import make_server

from flask_gatehouse.core.clock import MovedClock
from flask_gatehouse.features.doctor import mirror
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.throttling.models import Counter
from flask_gatehouse.features.users.models import KeptName
from flask_gatehouse.testing import GatehouseTester
from gatehouse_site.app import create_app
from tests import services
from tests.conftest import MakeSite

HTTPS = {"GATEHOUSE_PUBLIC_URL": "https://club.example"}


def diagnosed(app: Flask, *options: str) -> list[dict[str, str]]:
    """Return what the command finds; its status says whether anything is unsafe."""
    result = app.test_cli_runner().invoke(args=["gatehouse", "doctor", "--json", *options])
    findings: list[dict[str, str]] = json.loads(result.stdout)
    assert result.exit_code == any(each["severity"] == "unsafe" for each in findings)
    return findings


def found(app: Flask, words: str, *options: str) -> str | None:
    """Return how grave the finding with these words is; None if there is none."""
    severities = [each["severity"] for each in diagnosed(app, *options) if words in each["what"]]
    assert len(severities) <= 1
    return severities[0] if severities else None


# The application


def test_a_cookie_of_flask_that_is_weaker_than_ours_is_unsafe(
    make_site: MakeSite, sqlite_url: str
) -> None:
    app = make_site(sqlite_url, **HTTPS)
    assert found(app, "The cookie of Flask", "--offline") is None
    for setting, value in (
        ("SESSION_COOKIE_SECURE", False),
        ("SESSION_COOKIE_HTTPONLY", False),
        ("SESSION_COOKIE_SAMESITE", None),
        ("SESSION_COOKIE_SAMESITE", "None"),
        ("SESSION_COOKIE_DOMAIN", "example"),
    ):
        kept, app.config[setting] = app.config[setting], value
        assert found(app, "The cookie of Flask", "--offline") == "unsafe", setting
        app.config[setting] = kept


def test_former_keys_that_are_still_believed_are_noted(
    make_site: MakeSite, sqlite_url: str
) -> None:
    former = "Zk3vQ0hY7sW1cN5mP9xR2tL8bD4gF6jA"
    app = make_site(sqlite_url, GATEHOUSE_SECRET_KEY_FALLBACKS=former)
    assert found(app, "former secret key", "--offline") == "note"
    told = json.dumps(diagnosed(app, "--offline"))
    assert former not in told


def test_a_former_key_is_to_be_kept_while_the_record_names_it(
    make_site: MakeSite, sqlite_url: str
) -> None:
    former, newest = "Zk3vQ0hY7sW1cN5mP9xR2tL8bD4gF6jA", "Yw4-quite_another_key_Yw4aB2cD6eF8gH0jKm"
    keys = {"GATEHOUSE_SECRET_KEY": newest, "GATEHOUSE_SECRET_KEY_FALLBACKS": former}

    def advice(app: Flask) -> str:
        (mend,) = [f["mend"] for f in diagnosed(app, "--offline") if "former secret" in f["what"]]
        return mend

    app = make_site(sqlite_url, **keys)
    assert advice(app).startswith("Remove")
    GatehouseTester(make_site(sqlite_url, GATEHOUSE_SECRET_KEY=former)).add_user("alice")
    site = GatehouseTester(make_site(sqlite_url, **keys))
    assert advice(site.app).startswith("Keep")
    site.add_user("bob")
    assert advice(site.app).startswith("Keep")
    site.clock.move(timedelta(days=366))
    assert site.app.test_cli_runner().invoke(args=["gatehouse", "audit", "prune"]).exit_code == 0
    assert advice(site.app).startswith("Remove")


def test_a_key_beside_the_database_is_noted_where_others_come(
    tmp_path: Path, sqlite_url: str
) -> None:
    home = {"GATEHOUSE_HOME": str(tmp_path), "GATEHOUSE_DATABASE_URL": sqlite_url}
    assert found(create_app({**home, **HTTPS}), "beside the database", "--offline") == "note"
    assert found(create_app(home), "beside the database", "--offline") is None
    elsewhere = {"GATEHOUSE_SECRET_KEY": "Zk3vQ0hY7sW1cN5mP9xR2tL8bD4gF6jA", **home, **HTTPS}
    assert found(create_app(elsewhere), "beside the database", "--offline") is None


def test_a_database_elsewhere_is_looked_at_too(
    make_site: MakeSite, migrated_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    file = folder / "accounts.db"
    file.write_bytes(migrated_file.read_bytes())
    file.chmod(0o600)
    app = make_site(f"sqlite:///{file}")
    assert found(app, "accounts.db can be opened", "--offline") is None
    file.chmod(0o640)
    assert found(app, "accounts.db can be opened", "--offline") == "unsafe"


# The database


@pytest.mark.parametrize(
    ("seconds", "severity"), [(0, None), (1, None), (10, "note"), (-10, "note"), (60, "unsafe")]
)
@pytest.mark.parametrize("server", ["postgres_server", "mariadb_server"])
def test_clocks_that_are_apart_are_found(
    make_site: MakeSite,
    request: pytest.FixtureRequest,
    server: str,
    seconds: int,
    severity: str | None,
) -> None:
    app = make_site(request.getfixturevalue(server))
    house = app.extensions["gatehouse"].house
    house.clock = MovedClock(house.clock.now() + timedelta(seconds=seconds))
    assert found(app, "clocks", "--offline") == severity


@pytest.mark.parametrize("days", [2, -2])
def test_clocks_that_are_days_apart_are_told_as_far_apart_as_they_are(
    make_site: MakeSite, postgres_server: str, days: int
) -> None:
    app = make_site(postgres_server)
    house = app.extensions["gatehouse"].house
    house.clock = MovedClock(house.clock.now() + timedelta(days=days, seconds=20))
    (what,) = [each["what"] for each in diagnosed(app, "--offline") if "clocks" in each["what"]]
    (seconds,) = re.findall(r"(\d+) s apart", what)
    assert abs(int(seconds) - 2 * 24 * 3600) < 600


def test_rows_that_pile_up_are_noted(site: GatehouseTester) -> None:
    over = site.clock.now() - timedelta(days=2)

    def fill(count: int, first: int) -> None:
        rows = [
            {"digest": (first + number).to_bytes(32, "big"), "count": 1, "expires_at": over}
            for number in range(count)
        ]
        with site.app.app_context(), site.work() as work:
            work.db.execute(insert(Counter), rows)

    fill(10_000, 0)
    assert found(site.app, "gatehouse_throttle", "--offline") is None
    fill(1, 10_000)
    assert found(site.app, "gatehouse_throttle", "--offline") == "note"


def test_names_that_pile_up_are_noted(tester: GatehouseTester) -> None:
    over = tester.clock.now() - timedelta(days=2)
    rows = [{"digest": n.to_bytes(32, "big"), "until": over} for n in range(10_001)]
    with tester.app.app_context(), tester.work() as work:
        work.db.execute(insert(KeptName), rows)
    assert found(tester.app, "gatehouse_kept_name", "--offline") == "note"


def test_a_database_that_does_not_answer_is_said_once(make_site: MakeSite) -> None:
    app = make_site("postgresql://nobody@127.0.0.1:1/nothing")
    answers = [each for each in diagnosed(app, "--offline") if "answer" in each["what"]]
    assert [each["severity"] for each in answers] == ["unsafe"]


def test_a_backup_is_whole_private_and_noted(tester: GatehouseTester, tmp_path: Path) -> None:
    tester.add_user("alice")
    copy = tmp_path / "copy.db"
    copy.write_text("an older copy")
    assert found(tester.app, "never made a backup", "--offline") == "note"
    result = tester.app.test_cli_runner().invoke(args=["gatehouse", "db", "backup", str(copy)])
    assert result.exit_code == 0, result.output
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT username FROM gatehouse_user").fetchall() == [("alice",)]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".copy")] == []
    assert found(tester.app, "backup of", "--offline") is None
    tester.clock.move(timedelta(days=8))
    assert found(tester.app, "The last backup", "--offline") == "note"


def test_a_backup_that_cannot_be_made_says_so_and_leaves_what_was_there(
    tester: GatehouseTester, tmp_path: Path, make_site: MakeSite, postgres_server: str
) -> None:
    database = tmp_path / "gatehouse.db"
    for app, file, words in (
        (tester.app, tmp_path / "no" / "such" / "folder.db", "No backup was made"),
        (tester.app, database, "is the database itself"),
        (make_site(postgres_server), tmp_path / "copy.db", "pg_dump"),
    ):
        result = app.test_cli_runner().invoke(args=["gatehouse", "db", "backup", str(file)])
        assert result.exit_code == 1
        assert words in result.output
    assert database.stat().st_size > 0
    assert found(tester.app, "never made a backup", "--offline") == "note"


@pytest.mark.parametrize("there", ["nothing", "an empty file", "tables of somebody else"])
def test_nothing_is_copied_over_a_good_backup(
    make_site: MakeSite, tmp_path: Path, there: str
) -> None:
    source, copy = tmp_path / "moved.db", tmp_path / "copy.db"
    copy.write_text("the good backup of yesterday")
    if there == "an empty file":
        source.touch()
    elif there == "tables of somebody else":
        with closing(sqlite3.connect(source)) as connection:
            connection.execute("CREATE TABLE notes (id INTEGER)")
    app = make_site(f"sqlite:///{source}")
    result = app.test_cli_runner().invoke(args=["gatehouse", "db", "backup", str(copy)])
    assert result.exit_code == 1
    assert "No backup was made" in result.output
    assert copy.read_text() == "the good backup of yesterday"
    assert source.exists() == (there != "nothing")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".copy")] == []


# Passwords, letters, counters


def test_a_cost_that_is_too_low_for_this_machine_is_noted(app: Flask) -> None:
    assert found(app, "password hash takes", "--offline") == "note"


def test_more_memory_than_there_is_is_unsafe(make_site: MakeSite, sqlite_url: str) -> None:
    app = make_site(
        sqlite_url,
        GATEHOUSE_PASSWORDS_HASH_SLOTS=256,
        GATEHOUSE_PASSWORDS_HASH_MEMORY="256MiB",
    )
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    expected = "unsafe" if there < 64 * 1024**3 else "note" if there < 128 * 1024**3 else None
    assert found(app, "for hashing", "--offline") == expected
    assert found(app, "hashes at once", "--offline") == "note"


def letter(**more: Any) -> dict[str, Any]:
    at = datetime(2026, 6, 15, 11, 0, tzinfo=UTC)
    return {
        "kind": "test",
        "recipient": "someone@example.org",
        "subject": "Hello",
        "text": "",
        "created_at": at,
        "next_try_at": at,
        **more,
    }


def test_letters_that_were_given_up_or_wait_for_nobody_are_noted(tester: GatehouseTester) -> None:
    assert found(tester.app, "given up", "--offline") is None
    assert found(tester.app, "due for", "--offline") is None
    now = tester.clock.now()
    with tester.app.app_context(), tester.work() as work:
        work.db.add(Letter(**letter(dead_at=now)))
        work.db.add(Letter(**letter()))
    assert found(tester.app, "1 letter(s) were given up", "--offline") == "note"
    assert found(tester.app, "1 letter(s) have been due", "--offline") == "note"
    assert "someone@example.org" not in json.dumps(diagnosed(tester.app, "--offline"))


def test_commands_are_named_as_they_are_called_in_a_host(tester: GatehouseTester) -> None:
    with tester.app.app_context(), tester.work() as work:
        work.db.add(Letter(**letter(dead_at=tester.clock.now())))
    runner = tester.app.test_cli_runner()
    told = runner.invoke(args=["gatehouse", "doctor", "--offline"], prog_name="flask").stdout
    assert "flask gatehouse mail list --dead shows them" in told
    assert "flask gatehouse passwords calibrate prints" in told


def test_letters_are_counted_up_to_a_thousand(tester: GatehouseTester) -> None:
    now = tester.clock.now()
    with tester.app.app_context(), tester.work() as work:
        work.db.execute(insert(Letter), [letter(dead_at=now) for _ in range(1200)])
    assert found(tester.app, "1,000 or more letter(s) were given up", "--offline") == "note"


def test_letters_that_reach_nobody_are_noted_where_others_come(
    make_site: MakeSite, sqlite_url: str
) -> None:
    assert found(make_site(sqlite_url, **HTTPS), "sent to nobody", "--offline") == "note"
    assert found(make_site(sqlite_url), "sent to nobody", "--offline") is None


def test_an_outbox_that_others_can_open_is_unsafe(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    folder.mkdir(mode=0o755)
    assert found(app, "outbox can be opened", "--offline") == "unsafe"


def test_a_mail_server_that_does_not_answer_is_unsafe_unless_nothing_may_be_reached(
    make_site: MakeSite, sqlite_url: str
) -> None:
    url = f"smtp://someone:a-secret-word@127.0.0.1:{closed_port()}"
    app = make_site(sqlite_url, GATEHOUSE_MAIL_URL=url)
    assert found(app, "mail server takes no letters") == "unsafe"
    assert found(app, "mail server", "--offline") is None
    assert "a-secret-word" not in json.dumps(diagnosed(app))


def test_redis_is_asked_whether_it_answers(make_site: MakeSite, sqlite_url: str) -> None:
    good = make_site(sqlite_url, GATEHOUSE_REDIS_URL=services.REDIS.need())
    assert found(good, "Redis") is None
    away = make_site(sqlite_url, GATEHOUSE_REDIS_URL=f"redis://127.0.0.1:{closed_port()}/0")
    assert found(away, "Redis does not answer") == "unsafe"
    assert found(away, "Redis", "--offline") is None


def test_redis_elsewhere_wants_a_password_and_tls(make_site: MakeSite, sqlite_url: str) -> None:
    app = make_site(sqlite_url, GATEHOUSE_REDIS_URL=f"redis://localhost.:{closed_port()}/0")
    assert found(app, "without a password", "--offline") == "unsafe"
    assert found(app, "without TLS", "--offline") == "note"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# Proxies in front


class Proxies:
    """So many proxies in front of an application, each writing down who asked it."""

    def __init__(self, app: Any, count: int, *, overwrite: bool = False) -> None:
        self._app, self._count, self._overwrite = app, count, overwrite

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        told = environ.get("HTTP_X_FORWARDED_FOR", "")
        for number in range(self._count):
            address = environ["REMOTE_ADDR"] if number == 0 else f"10.0.0.{number}"
            told = address if self._overwrite or not told else f"{told}, {address}"
        if told:
            environ["HTTP_X_FORWARDED_FOR"] = told
        return self._app(environ, start_response)


@contextmanager
def served(app: Any, port: int) -> Iterator[None]:
    server = make_server("127.0.0.1", port, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("there", "believed", "words"),
    [
        (0, 0, None),
        (1, 1, None),
        (2, 2, None),
        (1, 0, "1 proxies wrote down"),
        (0, 1, "1 proxies are believed"),
        (1, 2, "2 proxies are believed"),
    ],
)
def test_a_wrong_number_of_proxies_is_seen_from_outside(
    make_site: MakeSite,
    sqlite_url: str,
    there: int,
    believed: int,
    words: str | None,
    *,
    overwrite: bool,
) -> None:
    port = closed_port()
    app = make_site(
        sqlite_url,
        GATEHOUSE_PUBLIC_URL=f"http://127.0.0.1:{port}",
        GATEHOUSE_TRUSTED_PROXIES=believed,
    )
    # A proxy that writes anew hides those before it: then one is there, whatever their number.
    visible = min(there, 1) if overwrite else there
    if overwrite and there == 2:
        words = "2 proxies are believed"
    with served(Proxies(app, there, overwrite=overwrite), port):
        findings = [
            each
            for each in diagnosed(app)
            if "who is asking" in each["what"] or "are believed" in each["what"]
        ]
    if words is None:
        assert findings == []
    else:
        (finding,) = findings
        assert finding["severity"] == "unsafe"
        assert words in finding["what"]
        assert finding["mend"] == f"GATEHOUSE_TRUSTED_PROXIES={visible}"


def test_what_answers_there_must_know_our_key(make_site: MakeSite, sqlite_url: str) -> None:
    port = closed_port()
    url = {"GATEHOUSE_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    ours = make_site(sqlite_url, **url)
    another = make_site(sqlite_url, **url, GATEHOUSE_SECRET_KEY="another-key-" * 4)
    house = ours.extensions["gatehouse"].house
    with served(another, port), pytest.raises(mirror.NoAnswer):
        mirror._look(house)  # noqa: SLF001 - at a local URL the command says nothing of it
    with served(ours, port):
        assert mirror._look(house).scheme == "http"  # noqa: SLF001


def test_a_site_that_does_not_answer_at_its_public_url_is_noted(
    make_site: MakeSite, sqlite_url: str
) -> None:
    app = make_site(sqlite_url, GATEHOUSE_PUBLIC_URL=f"https://localhost.:{closed_port()}")
    assert found(app, "Nothing could be learnt") == "note"
    assert found(app, "Nothing could be learnt", "--offline") is None


def test_strangers_find_nothing_in_the_mirror(tester: GatehouseTester) -> None:
    house = tester.app.extensions["gatehouse"].house
    good = mirror.proof(house, tester.clock.now())
    until, nonce, digest = good.split(".")
    client = tester.client()
    assert client.get("/doctor/", headers={mirror.HEADER: good}).status_code == 200
    for shown in (
        "",
        ".",
        "..",
        "x.y.z",
        digest,
        f"{until}.{nonce}.{'0' * 64}",
        f"{int(until) + 1}.{nonce}.{digest}",
        f"{until}.{nonce[:-1]}.{digest}",
        f"{'9' * 5000}.{nonce}.{digest}",
        f"\N{ARABIC-INDIC DIGIT ONE}.{nonce}.{digest}",
    ):
        assert client.get("/doctor/", headers={mirror.HEADER: shown}).status_code == 404, shown
    tester.clock.move(timedelta(seconds=61))
    assert client.get("/doctor/", headers={mirror.HEADER: good}).status_code == 404


def test_the_mirror_keeps_nothing(tester: GatehouseTester) -> None:
    house = tester.app.extensions["gatehouse"].house
    shown = mirror.proof(house, tester.clock.now())
    answer = tester.client().get("/doctor/", headers={mirror.HEADER: shown})
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
