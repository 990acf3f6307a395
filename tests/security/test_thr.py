"""Attempts are counted before anything is verified, for everybody alike, and nobody is shut out."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from flask_gatehouse.core.settings import Rate
from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.throttling.models import Counter
from flask_gatehouse.features.throttling.rules import Limit, network_of
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.security.walk import (
    SESSION,
    UNLIMITED,
    count,
    events,
    hashes_done,
    rows,
    set_cookies,
    snapshot,
    who,
)

WRONG = "an entirely wrong phrase"

#: How often one may fail for a name, from a network, and with links; in fewer steps than usual.
NAME, NETWORK, LINKS = 3, 12, 4


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each kind of database in turn, with limits that are soon reached."""
    return GatehouseTester(
        make_site(
            database_url,
            GATEHOUSE_THROTTLING_NAME_AND_NETWORK=f"{NAME}/15m",
            GATEHOUSE_THROTTLING_NETWORK=f"{NETWORK}/10m",
            GATEHOUSE_THROTTLING_LINKS=f"{LINKS}/10m",
        )
    )


def at(tester: GatehouseTester, address: str | None) -> FlaskClient:
    """Return a browser at a network address."""
    client = tester.client()
    if address is None:
        client.environ_base.pop("REMOTE_ADDR", None)
    else:
        client.environ_base["REMOTE_ADDR"] = address
    return client


def fail(tester: GatehouseTester, times: int, name: str = "alice", **where: str) -> list[int]:
    """Return the statuses of so many wrong sign-ins, each from a new browser."""
    address = where.get("address", "192.0.2.1")
    return [forms.sign_in(at(tester, address), name, WRONG).status_code for _ in range(times)]


def test_thr_06_signing_in_oneself_does_not_clear_the_network(site: GatehouseTester) -> None:
    site.add_user("mallory")
    statuses = []
    for number in range(NETWORK):
        if number % 4 == 3:
            statuses.append(forms.sign_in(at(site, "192.0.2.1"), "mallory").status_code)
        else:
            statuses += fail(site, 1, f"victim{number:02}")
    assert set(statuses) == {303, 401}
    assert fail(site, 1, "victim99") == [429]
    assert forms.sign_in(at(site, "192.0.2.1"), "mallory").status_code == 429
    assert forms.sign_in(at(site, "192.0.2.2"), "mallory").status_code == 303


def test_thr_06_success_clears_only_ones_own_counter(site: GatehouseTester) -> None:
    site.add_user("alice")
    site.add_user("bob")
    assert fail(site, NAME - 1, "alice") == [401] * (NAME - 1)
    assert fail(site, NAME - 1, "bob") == [401] * (NAME - 1)
    assert forms.sign_in(at(site, "192.0.2.1"), "alice").status_code == 303
    assert fail(site, 2, "bob") == [401, 429]
    assert fail(site, NAME + 1, "alice") == [401] * NAME + [429]


def test_thr_07_the_limit_is_there_again_after_it_has_passed(site: GatehouseTester) -> None:
    site.add_user()
    for _ in range(3):
        assert fail(site, NAME + 1) == [401] * NAME + [429]
        site.clock.move(timedelta(minutes=15, seconds=1))


def test_thr_08_a_victim_comes_in_from_elsewhere(site: GatehouseTester) -> None:
    site.add_user("alice", email="alice@example.org")
    known = site.client()
    forms.sign_in(known, remember="y")
    fail(site, NETWORK + 1)
    assert forms.sign_in(at(site, "192.0.2.1")).status_code == 429
    assert forms.sign_in(at(site, "198.51.100.7")).status_code == 303
    assert who(known) == "alice"
    known.delete_cookie(SESSION)
    assert who(known) == "alice"


def test_thr_08_a_victim_comes_in_where_they_did_before(site: GatehouseTester) -> None:
    """While the name is tried from everywhere, and from the network of the victim."""
    site.add_user("alice", email="alice@example.org")
    known = at(site, "192.0.2.1")
    forms.sign_in(known)
    forms.send(known, "/logout/")
    fail(site, NETWORK + 1)
    for n in range(40):
        fail(site, 1, address=f"198.51.100.{n}")
    assert fail(site, 1, address="203.0.113.1") == [429]
    assert forms.sign_in(at(site, "203.0.113.1")).status_code == 429
    assert forms.sign_in(known).status_code == 303


def test_thr_08_a_stopped_password_ends_no_session_and_keeps_no_known_browser_out(
    make_site: MakeSite, database_url: str
) -> None:
    site = GatehouseTester(make_site(database_url, GATEHOUSE_PASSWORDS_FAILURES=10, **UNLIMITED))
    site.add_user("alice")
    inside, known = site.client(), site.client()
    forms.sign_in(inside)
    forms.sign_in(known)
    forms.send(known, "/logout/")
    assert fail(site, 20) == [401] * 20
    assert forms.sign_in(site.client()).status_code == 401
    assert who(inside) == "alice"
    assert forms.sign_in(known).status_code == 303


def test_thr_07_waits_grow_for_who_goes_on(site: GatehouseTester) -> None:
    waits = []
    for _ in range(7):
        for _ in range(NAME + 1):
            page = forms.sign_in(at(site, "192.0.2.1"), "alice", WRONG)
        waits.append(int(page.headers["Retry-After"]))
        site.clock.move(timedelta(seconds=waits[-1]))
    assert waits == [900, 900, 900, 900, 960, 1920, 3600]


@pytest.mark.parametrize(
    "other",
    ["ALICE", " alice", "alice\t", "\uff41lice", "a\N{MATHEMATICAL BOLD SMALL L}ice"],
)
def test_thr_09_every_spelling_of_a_name_shares_one_counter(
    tester: GatehouseTester, other: str
) -> None:
    tester.add_user()
    assert fail(tester, 10) == [401] * 10
    assert fail(tester, 1, other) == [429]
    assert forms.sign_in(at(tester, "192.0.2.1"), other).status_code == 429


def test_thr_09_a_limit_does_not_tell_that_name_and_address_belong_together(
    site: GatehouseTester,
) -> None:
    """Both are limited, each by itself, as are those of nobody and of two people."""
    site.add_user("alice", email="alice@example.org")
    site.add_user("carol", email="carol@example.org")
    assert fail(site, NAME + 1, "alice") == [401] * NAME + [429]
    for other in ("alice@example.org", "carol@example.org", "nobody@example.org"):
        assert fail(site, 1, other) == [401]
    assert fail(site, NAME, "alice@example.org") == [401] * (NAME - 1) + [429]


def test_thr_09_the_right_password_waits_as_well(site: GatehouseTester) -> None:
    site.add_user()
    fail(site, NAME)
    page = forms.sign_in(at(site, "192.0.2.1"))
    assert page.status_code == 429
    assert SESSION not in set_cookies(page)
    # No other field, method or page is a way around.
    client = at(site, "192.0.2.1")
    token = forms.token(client.get("/login/"))
    data = {"csrf_token": token, "username": "alice", "password": PASSWORD}
    for path in ("/login/?next=/account/", "/login/?x=1"):
        assert client.post(path, data={**data, "remember": "y"}).status_code == 429
    basic = {"Authorization": "Basic YWxpY2U6c2V2ZW4gcXVpZXQgaGVyb25z"}
    assert client.get("/account/", headers=basic).status_code == 302


def test_thr_10_a_window_is_not_pushed_away(site: GatehouseTester) -> None:
    site.add_user()
    for _ in range(3):
        statuses = []
        for _ in range(10):
            statuses += fail(site, 1)
            site.clock.move(timedelta(seconds=90))
        assert statuses == [401] * NAME + [429] * (10 - NAME)


def test_thr_10_counters_that_are_over_are_cleared_away(site: GatehouseTester) -> None:
    limit = Limit("of a test", Rate(5, timedelta(minutes=10)))
    kept, windows, names = [], 12, 50
    for window in range(windows):
        with site.work() as work:
            for name in range(names):
                throttling.count(work, attempts=[(limit, f"{window} {name}")])
        kept.append(count(site, Counter))
        site.clock.move(timedelta(minutes=11))
    # One key in 32 sweeps, so that nearly every window does.
    assert max(kept) < windows * names * 3 / 4


#: What a proxy may hand on, and what becomes of it.
FORWARDED = ("a", "", "999.1.1.1", "fe80::1%eth0", "1.2.3.4:80", "x" * 5000, "::", "[::1]", ",")


@pytest.mark.parametrize("value", FORWARDED)
def test_thr_11_an_address_that_cannot_be_read_is_limited_all_the_same(
    make_site: MakeSite, sqlite_url: str, value: str
) -> None:
    tester = GatehouseTester(
        make_site(
            sqlite_url,
            GATEHOUSE_TRUSTED_PROXIES=1,
            GATEHOUSE_THROTTLING_NAME_AND_NETWORK=f"{NAME}/15m",
        )
    )
    tester.add_user()

    def tried(password: str) -> int:
        client = tester.client()
        token = forms.token(client.get("/login/"))
        data = {"csrf_token": token, "username": "alice", "password": password}
        headers = {"X-Forwarded-For": value}
        return client.post("/login/", data=data, headers=headers).status_code

    assert [tried(WRONG) for _ in range(NAME + 1)] == [401] * NAME + [429]
    assert tried(PASSWORD) == 429


def test_thr_11_without_any_address_all_share_one_strict_counter(site: GatehouseTester) -> None:
    site.add_user()
    for address in ("", "unknown", "999.1.1.1"):
        assert fail(site, 1, address=address) == [401]
    assert fail(site, 1, address="also nonsense") == [429]
    assert forms.sign_in(at(site, "::ffff:203.0.113.9")).status_code == 303


def test_thr_11_a_header_that_nobody_asked_for_changes_no_network(site: GatehouseTester) -> None:
    site.add_user()
    for number in range(NAME):
        client = at(site, "192.0.2.1")
        token = forms.token(client.get("/login/"))
        headers = {
            "X-Forwarded-For": f"203.0.113.{number}",
            "X-Real-IP": f"203.0.113.{number}",
            "Client-IP": f"203.0.113.{number}",
            "Forwarded": f"for=203.0.113.{number}",
        }
        data = {"csrf_token": token, "username": "alice", "password": WRONG}
        assert client.post("/login/", data=data, headers=headers).status_code == 401
    assert fail(site, 1) == [429]


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_thr_12_a_network_of_ipv6_has_one_counter(address: object, host: int) -> None:
    import ipaddress  # noqa: PLC0415 - for the arithmetic only

    number = int(ipaddress.IPv6Address(str(address)))
    other = ipaddress.IPv6Address((number >> 64 << 64) | host)
    mapped = [ipaddress.IPv6Address(str(address)).ipv4_mapped, other.ipv4_mapped]
    if mapped == [None, None]:
        assert network_of(str(address)) == network_of(str(other))


@given(st.ip_addresses(v=4))
def test_thr_12_a_mapped_address_is_the_address(address: object) -> None:
    assert network_of(f"::ffff:{address}") == network_of(str(address)) == str(address)


def test_thr_12_another_host_of_the_network_waits_too(site: GatehouseTester) -> None:
    site.add_user()
    fail(site, 1, address="2001:db8:1:2::1")
    fail(site, 2, address="2001:db8:1:2:ffff::1")
    assert fail(site, 1, address="2001:db8:1:2:a:b:c:d") == [429]
    assert fail(site, 1, address="2001:db8:1:3::1") == [401]
    assert fail(site, NAME, address="198.51.100.1") == [401] * NAME
    assert fail(site, 1, address="::ffff:198.51.100.1") == [429]


def test_thr_16_who_has_to_wait_costs_no_hash(site: GatehouseTester) -> None:
    site.add_user()
    fail(site, NAME)
    before = hashes_done(site)
    assert fail(site, 3) == [429] * 3
    assert forms.sign_in(at(site, "192.0.2.1")).status_code == 429
    assert hashes_done(site) == before
    assert site.app.extensions["gatehouse"].house.part(Hashes).pool.waiting == 0


def test_thr_16_links_are_counted_before_they_are_looked_up(site: GatehouseTester) -> None:
    client = at(site, "192.0.2.1")
    client.get("/invitation/" + "A" * 42 + "8/")
    before = hashes_done(site)
    token = forms.token(client.get("/login/"))
    statuses = [
        client.post("/invitation/", data={"csrf_token": token, "password": PASSWORD}).status_code
        for _ in range(LINKS + 1)
    ]
    assert statuses == [409] * LINKS + [429]
    assert hashes_done(site) == before


def test_thr_17_the_answer_says_how_long_to_wait_and_is_kept_by_nobody(
    site: GatehouseTester,
) -> None:
    site.add_user()
    fail(site, NAME)
    site.clock.move(timedelta(minutes=5))
    page = forms.sign_in(at(site, "192.0.2.1"))
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "600"
    assert page.headers["Cache-Control"] == "no-store"
    assert "10 minutes" in page.text
    assert SESSION not in set_cookies(page)
    site.clock.move(timedelta(minutes=10))
    assert forms.sign_in(at(site, "192.0.2.1")).status_code == 303


def test_thr_17_a_link_that_was_tried_too_often_says_so_too(site: GatehouseTester) -> None:
    client = at(site, "192.0.2.1")
    client.get("/invitation/" + "A" * 42 + "8/")
    statuses = [client.get("/invitation/").status_code for _ in range(LINKS + 1)]
    page = client.get("/invitation/")
    assert statuses[-1] == page.status_code == 429
    assert page.headers["Retry-After"] == "600"
    assert page.headers["Cache-Control"] == "no-store"


def test_thr_10_no_name_and_no_address_is_kept(site: GatehouseTester) -> None:
    site.add_user("alice")
    fail(site, 3, "alice")
    fail(site, 3, "somebody-else")
    kept = str([(row.digest, row.count) for row in rows(site, Counter)])
    assert "alice" not in kept
    assert "192.0.2.1" not in kept
    assert "somebody-else" not in str(snapshot(site))


def test_thr_07_each_limit_is_told_once_by_its_own_name(site: GatehouseTester) -> None:
    fail(site, NAME + 2, "alice")
    for number in range(NETWORK + 2):
        fail(site, 1, f"somebody{number}")
    told = [row.facts["limit"] for row in events(site, "throttling.limit_reached")]
    assert told == ["name and network", "network"]


def test_thr_08_what_one_limit_refuses_uses_up_nothing_of_another(site: GatehouseTester) -> None:
    """So a single network cannot exhaust what a name may be tried from all of them."""
    site.add_user("alice")
    fail(site, NETWORK, "alice")
    statuses = [fail(site, 1, "alice", address=f"198.51.100.{n}")[0] for n in range(30 - NAME)]
    assert statuses == [401] * (30 - NAME)
    assert fail(site, 1, "alice", address="203.0.113.1") == [429]
