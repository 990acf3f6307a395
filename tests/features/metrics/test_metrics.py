"""Numbers for a program that watches: who may read them, what they tell, and what never."""

import multiprocessing
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event
from werkzeug.test import TestResponse

from flask_gatehouse import Gatehouse, Misconfigured
from flask_gatehouse.core.events import Event, Origin
from flask_gatehouse.features.login.events import LoggedIn, LoginRefused
from flask_gatehouse.features.mail.events import LetterFailed, LetterSent
from flask_gatehouse.features.metrics import examinations, rules
from flask_gatehouse.features.metrics.tally import Tally
from flask_gatehouse.features.statistics import counting
from flask_gatehouse.features.throttling.events import LimitReached
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester, settings_for_tests
from tests import forms
from tests.conftest import MakeSite

PAGE = "/metrics"
TOKEN = "token-of-the-program-that-watches-0123456789"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def open_site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """A site whose numbers can be read with the token, on each kind of database in turn."""
    return GatehouseTester(make_site(database_url, GATEHOUSE_METRICS_TOKEN=TOKEN))


def ask(client: FlaskClient, address: str = "127.0.0.1", **headers: str) -> TestResponse:
    return client.get(PAGE, headers=headers, environ_overrides={"REMOTE_ADDR": address})


def read(site: GatehouseTester) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every number by name and labels, without the process."""
    page = ask(site.client(), **BEARER)
    assert page.status_code == 200
    return {
        (each.name, frozenset(item for item in each.labels.items() if item[0] != "process")): (
            each.value
        )
        for family in text_string_to_metric_families(page.text)
        for each in family.samples
    }


def value(site: GatehouseTester, name: str, **labels: str) -> float | None:
    return read(site).get((name, frozenset(labels.items())))


def happen(site: GatehouseTester, *told: Event) -> None:
    works = site.app.extensions["gatehouse"].works
    with works.begin(Origin(channel="web")) as work:
        work.record_all(told)


def count_all(site: GatehouseTester) -> None:
    while counting.step(site.app.extensions["gatehouse"].works):
        pass


def came(*methods: str) -> LoggedIn:
    return LoggedIn(methods=methods, remembered=False)


def refused() -> LoginRefused:
    return LoginRefused(method="password", name_hash="0" * 16)


def test_there_is_no_such_page_until_somebody_may_read(site: GatehouseTester) -> None:
    admin = site.client(site.add_user("chief", admin=True))
    for page in (ask(site.client()), ask(site.client(), **BEARER), ask(admin)):
        assert page.status_code == 404
    assert not site.app.extensions["gatehouse"].house.plugs(Tally)


def test_without_our_pages_there_is_none_and_nothing_is_counted(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = Flask(__name__)
    app.config.from_mapping(settings_for_tests(tmp_path), GATEHOUSE_DATABASE_URL=sqlite_url)
    app.config["GATEHOUSE_METRICS_TOKEN"] = TOKEN
    Gatehouse(app, pages=False)
    app.add_url_rule("/own", view_func=lambda: "of the host")
    site = GatehouseTester(app)
    assert site.client().get("/own").status_code == 200
    assert ask(site.client(), **BEARER).status_code == 404
    assert not app.extensions["gatehouse"].house.plugs(Tally)
    [finding] = examinations.readers(app.extensions["gatehouse"].works)
    assert "There is no /metrics" in finding.what


def test_pages_of_a_host_are_not_counted(tmp_path: Path, sqlite_url: str) -> None:
    app = Flask(__name__)
    app.config.from_mapping(settings_for_tests(tmp_path), GATEHOUSE_DATABASE_URL=sqlite_url)
    app.config["GATEHOUSE_METRICS_TOKEN"] = TOKEN
    Gatehouse(app)
    app.add_url_rule("/own/<name>", "own", view_func=lambda name: name)
    site = GatehouseTester(app)
    assert site.client().get("/own/marker").status_code == 200
    text = ask(site.client(), **BEARER).text
    assert "gatehouse_database_up 1" in text
    assert "own" not in text.partition("gatehouse_requests_total")[2].partition("# HELP")[0]


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN.upper()}"},
        {"Authorization": "Bearer \xff\xfe"},
        {"Authorization": f"Token {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Basic dG9rZW46dG9rZW4="},
        {"X-Token": TOKEN},
    ],
)
def test_whoever_shows_something_else_finds_no_page(
    make_site: MakeSite, sqlite_url: str, shown: dict[str, str]
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_METRICS_TOKEN=TOKEN))
    page = ask(site.client(), **shown)
    nowhere = site.client().get("/no-such-page")
    assert page.status_code == nowhere.status_code == 404
    assert "WWW-Authenticate" not in page.headers
    assert "gatehouse_" not in page.text
    assert site.client().get(f"{PAGE}?token={TOKEN}").status_code == 404


def test_whoever_shows_the_token_reads(open_site: GatehouseTester) -> None:
    page = ask(open_site.client(), Authorization=f"bearer {TOKEN}")
    assert page.status_code == 200
    assert page.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert "no-store" in page.headers["Cache-Control"]
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize(
    ("config", "address", "headers", "status"),
    [
        ({}, "10.1.2.3", {}, 200),
        ({}, "::ffff:10.1.2.3", {}, 200),
        ({}, "fd00::7", {}, 200),
        ({}, "192.0.2.1", {}, 404),
        ({}, "", {}, 404),
        # Nobody in front is believed.
        ({}, "192.0.2.1", {"X-Forwarded-For": "10.1.2.3"}, 404),
        ({"GATEHOUSE_TRUSTED_PROXIES": 1}, "192.0.2.1", {"X-Forwarded-For": "10.1.2.3"}, 200),
        ({"GATEHOUSE_TRUSTED_PROXIES": 1}, "10.1.2.3", {"X-Forwarded-For": "192.0.2.1"}, 404),
        # Both are asked for.
        ({"GATEHOUSE_METRICS_TOKEN": TOKEN}, "10.1.2.3", {}, 404),
        ({"GATEHOUSE_METRICS_TOKEN": TOKEN}, "192.0.2.1", BEARER, 404),
        ({"GATEHOUSE_METRICS_TOKEN": TOKEN}, "10.1.2.3", BEARER, 200),
    ],
)
def test_networks_are_of_whoever_really_asks(
    make_site: MakeSite,
    sqlite_url: str,
    config: dict[str, Any],
    address: str,
    headers: dict[str, str],
    status: int,
) -> None:
    networks = "10.0.0.0/8, fd00::/8"
    app = make_site(sqlite_url, GATEHOUSE_METRICS_NETWORKS=networks, **config)
    assert ask(app.test_client(), address, **headers).status_code == status


@pytest.mark.parametrize(
    ("key", "given", "said"),
    [
        ("GATEHOUSE_METRICS_TOKEN", "x" * 31, "at least 32 characters"),
        ("GATEHOUSE_METRICS_TOKEN", "with a space " * 4, "letters, digits"),
        ("GATEHOUSE_METRICS_TOKEN", "ä" * 40, "letters, digits"),
        ("GATEHOUSE_METRICS_NETWORKS", "10.0.0.0/33", "'10.0.0.0/33'"),
        ("GATEHOUSE_METRICS_NETWORKS", "10.0.0.1/8", "'10.0.0.1/8'"),
        ("GATEHOUSE_METRICS_NETWORKS", "10.0.0.0/8, intranet", "'intranet'"),
    ],
)
def test_what_cannot_be_used_stops_the_start(
    make_site: MakeSite, sqlite_url: str, key: str, given: str, said: str
) -> None:
    with pytest.raises(Misconfigured, match=said) as stopped:
        make_site(sqlite_url, **{key: given})
    assert key in str(stopped.value)
    if key.endswith("TOKEN"):
        assert given not in str(stopped.value)


def test_what_happened_today_is_told_from_the_counted_record(open_site: GatehouseTester) -> None:
    happen(open_site, came("password"), came("password", "totp"), came("password"), refused())
    happen(open_site, LimitReached(limit="network"), LetterSent(letter="reset"))
    happen(open_site, LetterFailed(letter="reset", attempts=9))
    count_all(open_site)
    found = read(open_site)

    def told(name: str, **labels: str) -> float:
        return found[f"gatehouse_{name}", frozenset(labels.items())]

    assert told("database_up") == 1
    assert told("sign_ins_total") == 3
    assert told("sign_ins_today", method="password") == 2
    assert told("sign_ins_today", method="password + totp") == 1
    assert told("sign_in_refusals_total", step="first") == 1
    assert told("sign_in_refusals_total", step="second") == 0
    assert told("limits_reached_total", limit="network") == 1
    assert told("limits_reached_total", limit="account") == 0
    assert told("letters_total", outcome="sent") == told("letters_total", outcome="given up") == 1
    assert told("record_rows_written_total") == 7
    assert told("statistics_counted_timestamp_seconds") == open_site.clock.now().timestamp()


def test_the_next_day_begins_at_nought(open_site: GatehouseTester) -> None:
    happen(open_site, came("password"))
    count_all(open_site)
    assert value(open_site, "gatehouse_sign_ins_total") == 1
    open_site.clock.move(timedelta(days=1))
    count_all(open_site)
    assert value(open_site, "gatehouse_sign_ins_total") == 0


def test_what_there_is_is_told_by_its_state(open_site: GatehouseTester) -> None:
    for name in ("alice", "bob", "carol"):
        open_site.add_user(name)
    open_site.add_user("chief", admin=True)
    with open_site.work() as work:
        user = users.find(work.db, "bob")
        assert user is not None
        users.suspend(work, user=user)
    forms.sign_in(open_site.client(), "alice", PASSWORD)
    count_all(open_site)
    found = read(open_site)
    states = {
        dict(labels)["state"]: number
        for (name, labels), number in found.items()
        if name == "gatehouse_accounts"
    }
    assert states == {"in use": 3, "suspended": 1, "put aside": 0}
    assert found["gatehouse_administrators", frozenset()] == 1
    assert found["gatehouse_sessions_open", frozenset()] == 1


def test_answers_of_our_pages_are_counted_by_page_and_status(open_site: GatehouseTester) -> None:
    client = open_site.client()
    client.get("/login/")
    client.get("/login/")
    client.head("/login/")
    client.options("/login/")
    client.post("/login/")
    client.get("/account/")
    found = read(open_site)
    login = {"endpoint": "gatehouse.passwords.login", "status": "200"}
    answered = {
        labels: number
        for (name, labels), number in found.items()
        if name == "gatehouse_requests_total"
    }
    by_method = [
        ({**login, "method": "GET"}, 2),
        ({**login, "method": "HEAD"}, 1),
        ({**login, "method": "OPTIONS"}, 1),
        ({**login, "method": "POST", "status": "400"}, 1),
    ]
    for labels, many in by_method:
        assert answered[frozenset(labels.items())] == many
    assert sum(answered.values()) == 6
    page = {("endpoint", login["endpoint"])}
    buckets = [
        (float(dict(labels)["le"]), number)
        for (name, labels), number in found.items()
        if name == "gatehouse_request_duration_seconds_bucket" and page <= labels
    ]
    assert [number for _, number in sorted(buckets)] == sorted(number for _, number in buckets)
    assert max(buckets) == (float("inf"), 5)
    assert found["gatehouse_request_duration_seconds_count", frozenset(page)] == 5
    assert found["gatehouse_request_duration_seconds_sum", frozenset(page)] > 0


def test_nothing_from_outside_is_in_a_label(open_site: GatehouseTester) -> None:
    client = open_site.client()
    client.open("/marker-of-a-path/", method="MARKER")
    client.open("/login/", method="MARKER", headers={"User-Agent": 'marker"} 1'})
    client.get('/login/?marker="}\n', headers={"X-Request-ID": "marker"})
    forms.sign_in(client, "marker-of-a-name", "marker of a password")
    count_all(open_site)
    page = ask(client, Marker="marker", **BEARER)
    assert "marker" not in page.text.lower()
    assert TOKEN not in page.text
    families = list(text_string_to_metric_families(page.text))
    endpoints = {
        each.labels["endpoint"]
        for family in families
        for each in family.samples
        if "endpoint" in each.labels
    }
    assert endpoints <= set(open_site.app.view_functions)


def test_ten_thousand_strange_requests_make_no_number_more(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_METRICS_TOKEN=TOKEN))
    client = site.client()
    client.get("/login/")
    read(site)
    before = set(read(site))
    paths = ("/nowhere-{}/", "/login/?{}", "/account/{}/", "/%6cogin/{}", "/login/")
    for number in range(10_000):
        client.open(
            paths[number % len(paths)].format(number),
            method=f"M{number}",
            headers={"User-Agent": f"agent {number}", "X-Request-ID": f"id-{number}"},
            environ_overrides={"REMOTE_ADDR": f"10.{number >> 8}.{number & 255}.1"},
        )
    assert set(read(site)) == before


def test_a_method_that_nobody_knows_is_other() -> None:
    """A page of ours that took any method would be no way to make up labels either."""
    tally = Tally(["page"])
    for number in range(100):
        tally.add("page", f"M{number}", 200, 0.1)
        tally.add(f"page{number}", "GET", 200, 0.1)
    assert tally.answers() == {("page", "other", 200): 100}
    assert len(tally.durations()) == 1


def test_there_are_only_so_many_numbers(open_site: GatehouseTester) -> None:
    """Whatever a client asks for, what that adds is bounded by the number of pages."""
    client = open_site.client()
    for rule in open_site.app.url_map.iter_rules():
        path = re.sub("<[^>]*>", "1", rule.rule)
        for method in (*(rule.methods or ()), "PUT", "MARKER"):
            client.open(path, method=method)
    found = read(open_site)
    pages = [each for each in open_site.app.view_functions if each.startswith("gatehouse.")]
    answers = [labels for name, labels in found if name == "gatehouse_requests_total"]
    assert len(answers) <= 5 * len(pages)
    assert len(found) <= 20 * len(pages)


def test_nobody_is_named(open_site: GatehouseTester) -> None:
    alice = open_site.add_user("alice", email="alice@example.org")
    forms.sign_in(open_site.client(), "alice", PASSWORD)
    count_all(open_site)
    text = ask(open_site.client(), **BEARER).text
    for secret in ("alice", "example.org", str(alice.id), "127.0.0.1", PASSWORD):
        assert secret not in text


def test_each_name_and_unit_is_as_prometheus_wants(open_site: GatehouseTester) -> None:
    open_site.client().get("/login/")
    count_all(open_site)
    text = ask(open_site.client(), **BEARER).text
    told = [line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len({name for name, _ in told}) == len(told)
    for name, kind in told:
        assert name.startswith("gatehouse_")
        assert name.endswith("_total") == (kind == "counter")
    helped = [line.split()[2] for line in text.splitlines() if line.startswith("# HELP")]
    assert helped == [name for name, _ in told]
    assert "gatehouse_build_info" in helped


def test_it_costs_few_statements_however_much_there_is(open_site: GatehouseTester) -> None:
    happen(open_site, *[came("password") for _ in range(50)], refused())
    count_all(open_site)
    ask(open_site.client(), **BEARER)
    engine = open_site.app.extensions["gatehouse"].works.engine
    statements: list[str] = []

    def note(*told: object) -> None:
        statements.append(str(told[2]))

    event.listen(engine, "before_cursor_execute", note)
    assert ask(open_site.client(), **BEARER).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    assert 0 < len(statements) <= 10, statements
    asked = " ".join(statements).lower()
    assert "from gatehouse_user" not in asked
    assert "from gatehouse_session" not in asked
    assert "from gatehouse_audit " not in asked


def test_without_a_database_a_process_tells_what_it_knows(
    make_site: MakeSite, tmp_path: Any
) -> None:
    nowhere = f"sqlite:///{tmp_path}/no/such/folder/gatehouse.db"
    app = make_site(nowhere, GATEHOUSE_METRICS_TOKEN=TOKEN)
    page = ask(app.test_client(), **BEARER)
    assert page.status_code == 200
    told = {each.name: each for each in text_string_to_metric_families(page.text)}
    assert told["gatehouse_database_up"].samples[0].value == 0
    assert "gatehouse_hashes" in told
    assert "gatehouse_sign_ins" not in told


def _child(tally: Tally, answer: Any) -> None:
    tally.add("page", "GET", 200, 0.1)
    answer.put((os.getpid(), tally.answers()))


def test_a_forked_process_begins_at_nought() -> None:
    tally = Tally(["page"])
    tally.add("page", "GET", 200, 0.1)
    tally.add("page", "GET", 500, 0.1)
    fork = multiprocessing.get_context("fork")
    answer = fork.Queue()
    child = fork.Process(target=_child, args=(tally, answer))
    child.start()
    process, told = answer.get(timeout=30)
    child.join()
    assert process != os.getpid()
    assert told == {("page", "GET", 200): 1}
    assert tally.answers() == {("page", "GET", 200): 1, ("page", "GET", 500): 1}


def test_two_processes_are_told_apart_and_agree_on_what_is_shared(
    make_site: MakeSite, database_url: str
) -> None:
    sites = [
        GatehouseTester(make_site(database_url, GATEHOUSE_METRICS_TOKEN=TOKEN)) for _ in range(2)
    ]
    happen(sites[0], came("password"))
    count_all(sites[1])
    sites[0].client().get("/login/")
    shared = ("gatehouse_sign_ins_total", frozenset[tuple[str, str]]())
    assert [read(each)[shared] for each in sites] == [1, 1]
    text = ask(sites[0].client(), **BEARER).text
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            own = family.name.startswith(("gatehouse_hash", "gatehouse_request", "gatehouse_up"))
            if own or "connections" in family.name:
                assert each.labels["process"] == str(os.getpid())
            else:
                assert "process" not in each.labels


def test_what_is_counted_has_few_names() -> None:
    many = {f"way_{chr(97 + n // 26)}{chr(97 + n % 26)}": 1 for n in range(200)}
    found = rules.ways({**many, 'x"} 1\n': 5, "password": 2})
    assert len(found) <= rules.MOST_WAYS + 1
    assert sum(found.values()) == 207
    assert not [name for name in found if '"' in name]


def test_a_limit_that_nobody_declares_has_no_name_of_its_own(
    open_site: GatehouseTester,
) -> None:
    happen(open_site, LimitReached(limit="of a former release"))
    count_all(open_site)
    assert value(open_site, "gatehouse_limits_reached_total", limit="other") == 1


def test_text_in_labels_is_escaped() -> None:
    sample = rules.Sample(1, {"a": 'x"\\\n} 2'})
    (family,) = text_string_to_metric_families(
        rules.written([rules.numbers("gatehouse_x", "A \\ and\na line.", [sample])])
    )
    assert family.samples[0].labels == {"a": 'x"\\\n} 2'}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, []),
        ({"GATEHOUSE_METRICS_TOKEN": TOKEN}, []),
        ({"GATEHOUSE_METRICS_NETWORKS": "10.0.0.0/8"}, []),
        ({"GATEHOUSE_METRICS_NETWORKS": "10.0.0.0/8, ::/0"}, ["Anybody may read"]),
        (
            {"GATEHOUSE_METRICS_NETWORKS": "0.0.0.0/0", "GATEHOUSE_METRICS_TOKEN": TOKEN},
            [],
        ),
        (
            {
                "GATEHOUSE_METRICS_NETWORKS": "192.0.2.0/24, 127.0.0.0/8",
                "GATEHOUSE_PUBLIC_URL": "https://site.example.org",
            },
            ["Everybody may seem to be in"],
        ),
        (
            {
                "GATEHOUSE_METRICS_NETWORKS": "127.0.0.0/8",
                "GATEHOUSE_METRICS_TOKEN": TOKEN,
                "GATEHOUSE_PUBLIC_URL": "https://site.example.org",
            },
            [],
        ),
        (
            {
                "GATEHOUSE_METRICS_NETWORKS": "127.0.0.0/8",
                "GATEHOUSE_TRUSTED_PROXIES": 1,
                "GATEHOUSE_PUBLIC_URL": "https://site.example.org",
            },
            [],
        ),
        (
            {
                "GATEHOUSE_METRICS_TOKEN": TOKEN,
                "GATEHOUSE_PUBLIC_URL": "http://site.example.org",
            },
            ["without https"],
        ),
        (
            {
                "GATEHOUSE_METRICS_TOKEN": TOKEN,
                "GATEHOUSE_PUBLIC_URL": "https://site.example.org",
            },
            [],
        ),
    ],
)
def test_doctor_notes_who_may_read(
    make_site: MakeSite, sqlite_url: str, config: dict[str, Any], said: list[str]
) -> None:
    app = make_site(sqlite_url, **config)
    found = list(examinations.readers(app.extensions["gatehouse"].works))
    assert [text in each.what for each, text in zip(found, said, strict=True)] == [True] * len(said)
    assert TOKEN not in str(found)
