"""Limits of attempts, as somebody meets them who tries to sign in."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from secrets import token_bytes

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from flask_gatehouse.core.settings import Rate
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.throttling.models import Counter
from flask_gatehouse.features.throttling.rules import Tally, network_of
from flask_gatehouse.features.throttling.store import Store
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import services
from tests.forms import sign_in

MakeSite = Callable[..., Flask]

HERE = "192.0.2.1"
ELSEWHERE = "198.51.100.7"
WRONG = "nine loud kettles"


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site with limits that are reached soon: 3 for a name, 6 for a network."""
    app = make_site(
        database_url,
        GATEHOUSE_THROTTLING_NAME_AND_NETWORK="3/15m",
        GATEHOUSE_THROTTLING_NETWORK="6/10m",
    )
    tester = GatehouseTester(app)
    tester.add_user("alice", email="alice@example.org")
    return tester


def attempt(
    site: GatehouseTester, name: str = "alice", password: str = WRONG, address: str = HERE
) -> TestResponse:
    client = site.client()
    client.environ_base["REMOTE_ADDR"] = address
    return sign_in(client, name, password)


def statuses(site: GatehouseTester, *names: str, address: str = HERE) -> list[int]:
    return [attempt(site, name, address=address).status_code for name in names]


def tally(key: bytes, window: timedelta) -> Tally:
    return Tally(key, "of a test", Rate(5, window))


def told(site: GatehouseTester) -> int:
    reached = select(func.count()).select_from(AuditRow)
    with site.work() as work:
        return work.db.scalar(reached.where(AuditRow.name == "throttling.limit_reached")) or 0


def test_after_too_many_attempts_the_answer_is_429_and_says_how_long(
    site: GatehouseTester,
) -> None:
    assert statuses(site, "alice", "alice", "alice") == [401, 401, 401]
    answer = attempt(site)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert "Too many attempts. Please try again in 15 minutes." in answer.text
    assert 'name="password"' in answer.text


def test_the_right_password_has_to_wait_as_well(site: GatehouseTester) -> None:
    statuses(site, "alice", "alice", "alice")
    assert attempt(site, password=PASSWORD).status_code == 429
    site.clock.move(timedelta(minutes=15))
    assert attempt(site, password=PASSWORD).status_code == 303


def test_attempts_in_the_window_do_not_push_its_end_away(site: GatehouseTester) -> None:
    statuses(site, "alice", "alice", "alice")
    waits = []
    for minutes in (5, 5, 4):
        site.clock.move(timedelta(minutes=minutes))
        waits.append(attempt(site).headers["Retry-After"])
    assert waits == ["600", "300", "60"]
    site.clock.move(timedelta(minutes=1))
    assert statuses(site, "alice", "alice", "alice", "alice") == [401, 401, 401, 429]


def test_the_window_begins_with_the_first_attempt(site: GatehouseTester) -> None:
    assert statuses(site, "alice") == [401]
    site.clock.move(timedelta(minutes=14))
    assert statuses(site, "alice", "alice", "alice") == [401, 401, 429]
    site.clock.move(timedelta(minutes=1))
    assert statuses(site, "alice") == [401]


def test_whoever_has_to_wait_costs_no_hash(site: GatehouseTester) -> None:
    statuses(site, "alice", "alice", "alice")
    pool = site.app.extensions["gatehouse"].house.part(Hashes).pool
    before = pool.hashes_done
    assert attempt(site).status_code == 429
    assert pool.hashes_done == before


def test_another_network_may_try_the_same_name(site: GatehouseTester) -> None:
    assert statuses(site, "alice", "alice", "alice", "alice") == [401, 401, 401, 429]
    assert attempt(site, password=PASSWORD, address=ELSEWHERE).status_code == 303


def test_another_name_may_be_tried_from_the_same_network(site: GatehouseTester) -> None:
    assert statuses(site, "alice", "alice", "alice", "alice") == [401, 401, 401, 429]
    assert statuses(site, "bob") == [401]


def test_a_network_may_not_try_ever_more_names(site: GatehouseTester) -> None:
    names = [f"person{n}" for n in range(7)]
    assert statuses(site, *names) == [401] * 6 + [429]
    assert attempt(site, "alice", PASSWORD).status_code == 429
    assert attempt(site, "alice", PASSWORD, ELSEWHERE).status_code == 303
    site.clock.move(timedelta(minutes=10))
    assert attempt(site, "alice", PASSWORD).status_code == 303


@pytest.mark.parametrize(
    "spellings",
    [
        ("alice", "ALICE", " Alice ", "\N{FULLWIDTH LATIN SMALL LETTER A}lice"),
        ("alice@example.org", "Alice@EXAMPLE.org", " alice@example.org", "ALICE@example.org "),
        ("nobody", "NOBODY", " nobody ", "NoBody"),
        ("no name", "NO  NAME", "no\tname", " no name "),
    ],
)
def test_every_spelling_counts_as_the_same_name(
    site: GatehouseTester, spellings: tuple[str, ...]
) -> None:
    assert statuses(site, *spellings) == [401, 401, 401, 429]


def test_success_clears_the_name_and_not_the_network(site: GatehouseTester) -> None:
    assert statuses(site, "alice", "alice") == [401, 401]
    assert attempt(site, password=PASSWORD).status_code == 303
    # The name starts again; the network has three left.
    assert statuses(site, "alice", "alice", "alice") == [401, 401, 401]
    answer = attempt(site, "bob")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "600")


def test_success_here_clears_nothing_elsewhere(site: GatehouseTester) -> None:
    assert statuses(site, "alice", "alice", "alice", address=ELSEWHERE) == [401, 401, 401]
    assert attempt(site, password=PASSWORD).status_code == 303
    assert statuses(site, "alice", address=ELSEWHERE) == [429]


def test_a_suspended_person_with_the_right_password_is_counted(site: GatehouseTester) -> None:
    with site.work() as work:
        users.suspend(work, user=users.named(work.db, "alice"))
    answers = [attempt(site, password=PASSWORD).status_code for _ in range(4)]
    assert answers == [401, 401, 401, 429]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "::ffff:c000:201", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "unix:", True),
        ("no address", "192.0.2.1.5", True),
        ("", "192.0.2.1", False),
    ],
)
def test_what_counts_as_one_network(
    make_site: MakeSite, sqlite_url: str, one: str, other: str, *, alike: bool
) -> None:
    app = make_site(sqlite_url, GATEHOUSE_THROTTLING_NETWORK="2/10m")
    site = GatehouseTester(app)
    assert statuses(site, "a1", "a2", address=one) == [401, 401]
    assert statuses(site, "a3", address=other) == [429 if alike else 401]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:1:2:3:4", "2001:db8::/64"),
        ("::1", "::/64"),
        (None, "unknown"),
        ("", "unknown"),
        ("192.0.2.1:443", "unknown"),
        ("192.0.02.1", "unknown"),
        ("192.0.2.1, 198.51.100.7", "unknown"),
        ("localhost", "unknown"),
        ("\N{ARABIC-INDIC DIGIT ONE}92.0.2.1", "unknown"),
    ],
)
def test_a_network_has_one_spelling(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_a_header_that_nobody_vouches_for_changes_no_network(site: GatehouseTester) -> None:
    client = site.client()
    client.environ_base["REMOTE_ADDR"] = HERE
    answers = []
    for n in range(4):
        client.environ_base["HTTP_X_FORWARDED_FOR"] = f"203.0.113.{n}"
        client.environ_base["HTTP_FORWARDED"] = f"for=203.0.113.{n}"
        answers.append(sign_in(client, "alice", WRONG).status_code)
    assert answers == [401, 401, 401, 429]


def test_a_trusted_proxy_says_who_is_asking(make_site: MakeSite, sqlite_url: str) -> None:
    app = make_site(sqlite_url, GATEHOUSE_TRUSTED_PROXIES=1, GATEHOUSE_THROTTLING_NETWORK="1/10m")
    answers = []
    for claimed in ("203.0.113.1", "198.51.100.9, 203.0.113.1", "203.0.113.2"):
        client = app.test_client()
        client.environ_base["HTTP_X_FORWARDED_FOR"] = claimed
        answers.append(sign_in(client, "alice", WRONG).status_code)
    assert answers == [401, 429, 401]


def test_a_limit_that_is_crossed_is_told_once_a_window(site: GatehouseTester) -> None:
    statuses(site, *["alice"] * 6)
    assert told(site) == 1
    site.clock.move(timedelta(minutes=15))
    statuses(site, *["alice"] * 5)
    assert told(site) == 2


def test_the_table_keeps_no_name_and_networks_only_where_they_count(site: GatehouseTester) -> None:
    attempt(site, "correct horse, typed too early")
    with site.work() as work:
        counting = select(Counter).where(Counter.count > 0)
        kept = work.db.scalars(counting.order_by(Counter.limit_name)).all()
    assert [(row.limit_name, row.place) for row in kept] == [
        ("account", None),
        ("name and network", HERE),
        ("network", HERE),
    ]
    assert [len(row.digest) for row in kept] == [32] * 3
    assert [len(row.who or b"") for row in kept] == [32, 32, 0]
    assert "horse" not in str([vars(row) for row in kept])


def test_counters_that_are_over_are_swept_away(site: GatehouseTester) -> None:
    window = timedelta(minutes=1)
    store = site.app.extensions["gatehouse"].house.part(Store)
    with site.work() as work:
        store.hit(work, [tally(bytes([n]) * 32, window) for n in range(100, 120)])
    site.clock.move(window)
    with site.work() as work:
        # One key in 32 sweeps when its window opens, and this is one of them.
        (hit,) = store.hit(work, [tally(bytes(32), window)])
    assert (hit.count, hit.seconds_left) == (1, 60)
    with site.work() as work:
        assert work.db.scalars(select(Counter.digest)).all() == [bytes(32)]


@pytest.mark.parametrize("redis", [False, True])
def test_what_is_done_once_it_was_counted_stays_and_is_not_done_over_a_limit(
    make_site: MakeSite, sqlite_url: str, *, redis: bool
) -> None:
    url = {"GATEHOUSE_REDIS_URL": services.REDIS.need()} if redis else {}
    site = GatehouseTester(make_site(sqlite_url, **url))
    store = site.app.extensions["gatehouse"].house.part(Store)
    one = Tally(token_bytes(32), "of a test", Rate(2, timedelta(seconds=30)))
    done: list[Work] = []

    def then(own: Work) -> None:
        done.append(own)
        own.db.add(Counter(digest=bytes([len(done)]) * 32, count=0, expires_at=own.now))

    hits = []

    def hit_and_undo() -> None:
        with site.work() as work:
            hits.extend(store.hit(work, [one], then=then))
            raise LookupError

    for _ in range(3):
        with pytest.raises(LookupError):
            hit_and_undo()
    with site.work() as work:
        digests = set(work.db.scalars(select(Counter.digest)))
    assert [hit.count for hit in hits] == [1, 2, 3]
    assert digests - {one.key} == {b"\1" * 32, b"\2" * 32}


def test_counters_that_run_are_not_swept_away(site: GatehouseTester) -> None:
    store = site.app.extensions["gatehouse"].house.part(Store)
    with site.work() as work:
        store.hit(work, [tally(b"k" * 32, timedelta(minutes=2))])
    site.clock.move(timedelta(minutes=1))
    with site.work() as work:
        store.hit(work, [tally(bytes(32), timedelta(minutes=1))])
        (hit,) = store.hit(work, [tally(b"k" * 32, timedelta(minutes=2))])
    assert (hit.count, hit.seconds_left) == (2, 60)


def test_links_that_are_tried_are_counted(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_THROTTLING_LINKS="3/10m"))
    answers = []
    for n in range(4):
        client = site.client()
        client.get(f"/invitation/{'A' * 41}{n}A/")
        answers.append(client.get("/invitation/").status_code)
    assert answers == [409, 409, 409, 429]


_OTHER_PROCESS = """
import sys
from gatehouse_site.app import create_app

app = create_app({
    "TESTING": True, "WTF_CSRF_ENABLED": False, "GATEHOUSE_PASSWORDS_HASH_TIME": 1,
    "GATEHOUSE_PASSWORDS_HASH_MEMORY": "8KiB", "GATEHOUSE_HOME": sys.argv[1],
    "GATEHOUSE_DATABASE_URL": sys.argv[2], "GATEHOUSE_THROTTLING_NETWORK": "3/1d",
})
for name in ("person1", "person2"):
    form = {"username": name, "password": "nine loud kettles"}
    print(app.test_client().post("/login/", data=form).status_code)
"""


def test_processes_share_their_counters_through_the_database(
    make_site: MakeSite, database_url: str, tmp_path: Path
) -> None:
    here = make_site(database_url, GATEHOUSE_THROTTLING_NETWORK="3/1d")
    assert sign_in(here.test_client(), "person0", WRONG).status_code == 401
    other = subprocess.run(
        [sys.executable, "-c", _OTHER_PROCESS, str(tmp_path), database_url],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (other.stdout.split(), other.stderr) == (["401", "401"], "")
    assert sign_in(here.test_client(), "person3", WRONG).status_code == 429
