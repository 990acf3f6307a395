"""What a profile makes of the defaults, and what the doctor still names under it."""

import json
import re
from datetime import timedelta
from typing import Any, cast

import pytest
from flask import Flask

from flask_gatehouse import Misconfigured
from flask_gatehouse.core.profiles import PROFILES
from flask_gatehouse.core.settings import Declared, declared
from flask_gatehouse.extension import _groups
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.conftest import MakeSite
from tests.features.doctor.test_doctor import diagnosed, found
from tests.forms import send

STRICT = {"GATEHOUSE_PROFILE": "asvs-l2"}
IDLE = "GATEHOUSE_SESSIONS_IDLE_LIMIT"

PROFILED = [
    (each, profile)
    for group, shape in _groups(FEATURES).items()
    for each in declared(group, shape)
    for profile in each.profiles
]


def told(app: Flask, key: str) -> tuple[str, str]:
    """Return value and origin of a setting as the command prints them."""
    printed = app.test_cli_runner().invoke(args=["gatehouse", "settings", "--json"]).stdout
    (row,) = [row for row in json.loads(printed) if row["name"] == key]
    return row["value"], row["from"]


def test_each_source_goes_before_the_next(
    make_site: MakeSite, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(make_site(sqlite_url), IDLE) == ("1h", "default")
    assert told(make_site(sqlite_url, **STRICT), IDLE) == ("30m", "profile asvs-l2")
    monkeypatch.setenv(IDLE, "20m")
    assert told(make_site(sqlite_url, **STRICT), IDLE) == ("20m", "environment")
    assert told(make_site(sqlite_url, **STRICT, **{IDLE: "10m"}), IDLE) == ("10m", "app.config")


def test_a_later_profile_takes_over_what_an_earlier_one_asks(
    make_site: MakeSite, sqlite_url: str
) -> None:
    app = make_site(sqlite_url, GATEHOUSE_PROFILE="asvs-l3")
    assert told(app, IDLE) == ("30m", "profile asvs-l2")


def test_the_profile_itself_may_come_from_the_environment(
    make_site: MakeSite, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEHOUSE_PROFILE", "asvs-l2")
    assert told(make_site(sqlite_url), IDLE) == ("30m", "profile asvs-l2")


def test_an_unknown_profile_stops_the_start_with_the_nearest_name(
    make_site: MakeSite, sqlite_url: str
) -> None:
    with pytest.raises(Misconfigured, match=r"GATEHOUSE_PROFILE.*the nearest is asvs-l2"):
        make_site(sqlite_url, GATEHOUSE_PROFILE="asvs-12")


@pytest.mark.parametrize(("each", "profile"), PROFILED, ids=str)
def test_what_a_profile_asks_is_within_the_bounds(each: Declared, profile: str) -> None:
    value, floor, cap = (cast("Any", one) for one in (each.profiles[profile], each.floor, each.cap))
    assert profile in PROFILES
    assert type(value) is type(each.default)
    assert floor is None or value >= floor
    assert cap is None or value <= cap


WEAKER = [
    (IDLE, "31m"),
    ("GATEHOUSE_PASSWORDS_MINIMUM", "14"),
    ("GATEHOUSE_SESSIONS_REMEMBER", "yes"),
    ("GATEHOUSE_SESSIONS_CACHE_FOR", "1s"),
    ("GATEHOUSE_THROTTLING_NAME_AND_NETWORK", "6/15m"),
    ("GATEHOUSE_THROTTLING_NAME_AND_NETWORK", "5/14m"),
]
NOT_WEAKER = [
    (IDLE, "30m"),
    ("GATEHOUSE_PASSWORDS_MINIMUM", "16"),
    ("GATEHOUSE_SESSIONS_REMEMBER", "no"),
    ("GATEHOUSE_THROTTLING_NAME_AND_NETWORK", "4/15m"),
]


@pytest.mark.parametrize(("key", "value"), WEAKER)
def test_a_value_weaker_than_the_profile_asks_is_named(
    make_site: MakeSite, sqlite_url: str, key: str, value: str
) -> None:
    app = make_site(sqlite_url, **STRICT, **{key: value})
    assert found(app, f"{key} is {value}, weaker than asvs-l2 asks", "--offline") == "note"


@pytest.mark.parametrize(("key", "value"), NOT_WEAKER)
def test_a_value_that_is_no_weaker_is_not_named(
    make_site: MakeSite, sqlite_url: str, key: str, value: str
) -> None:
    app = make_site(sqlite_url, **STRICT, **{key: value})
    assert found(app, "weaker than", "--offline") is None


def test_the_standard_profile_asks_nothing_of_the_deployment(
    make_site: MakeSite, sqlite_url: str
) -> None:
    told = json.dumps(diagnosed(make_site(sqlite_url, **{IDLE: "2h"}), "--offline"))
    assert "asvs" not in told
    assert "weaker than" not in told


def test_a_strict_profile_says_openly_what_is_not_there(
    make_site: MakeSite, sqlite_url: str
) -> None:
    second, third = (
        json.dumps(diagnosed(make_site(sqlite_url, GATEHOUSE_PROFILE=name), "--offline"))
        for name in ("asvs-l2", "asvs-l3")
    )
    assert "(6.3.3)" not in second
    assert "asvs-l3 asks for a factor in hardware" in third
    assert "10.3.5" not in second
    assert all(f"({each})" in third for each in ("10.3.5", "13.3.1", "13.3.3", "11.7.1"))


def test_a_strict_profile_wants_the_proxies_declared(make_site: MakeSite, sqlite_url: str) -> None:
    words = "Nobody said how many proxies"
    assert found(make_site(sqlite_url, **STRICT), words, "--offline") == "unsafe"
    declared = make_site(sqlite_url, **STRICT, GATEHOUSE_TRUSTED_PROXIES=0)
    assert found(declared, words, "--offline") is None


@pytest.mark.parametrize(
    ("url", "severity"),
    [
        ("redis://cache.example:6379/0", "unsafe"),
        ("rediss://cache.example:6379/0", None),
        ("rediss://cache.example:6379/0?ssl_cert_reqs=required", None),
        ("rediss://cache.example:6379/0?ssl_cert_reqs=none", "unsafe"),
        ("rediss://cache.example:6379/0?ssl_check_hostname=False", "unsafe"),
        ("redis://127.0.0.1:6379/0", None),
    ],
)
def test_a_strict_profile_wants_the_way_to_redis_encrypted(
    make_site: MakeSite, sqlite_url: str, url: str, severity: str | None
) -> None:
    app = make_site(sqlite_url, **STRICT, GATEHOUSE_REDIS_URL=url)
    assert found(app, "is spoken to without", "--offline") == severity


def test_a_strict_profile_names_secrets_in_the_environment_and_not_their_text(
    make_site: MakeSite, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "Zk3vQ0hY7sW1cN5mP9xR2tL8bD4gF6jA"
    monkeypatch.setenv("GATEHOUSE_SECRET_KEY", key)
    app = make_site(sqlite_url, **STRICT)
    assert found(app, "GATEHOUSE_SECRET_KEY", "--offline") == "note"
    assert key not in json.dumps(diagnosed(app, "--offline"))


# The site under a strict profile


def test_under_a_strict_profile_a_session_is_over_after_half_an_hour_idle(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, **STRICT, GATEHOUSE_MFA_EVERYONE="optional"))
    client = site.client(site.add_user("alice"))
    assert client.get("/account/").status_code == 200
    site.clock.move(timedelta(minutes=31))
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize(("profile", "status"), [("standard", 200), ("asvs-l2", 409)])
def test_under_a_strict_profile_a_letter_for_a_new_password_is_over_after_a_quarter_of_an_hour(
    make_site: MakeSite, sqlite_url: str, profile: str, status: int
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_PROFILE=profile))
    site.add_user("alice", email="alice@example.org")
    send(site.client(), "/recover/", username="alice")
    body = site.mails()[-1].get_body(("plain",))
    assert body is not None
    link = re.search(r"/recover/[\w-]{43}/", body.get_content())
    assert link is not None
    site.clock.move(timedelta(minutes=16))
    client = site.client()
    client.get(link[0])
    assert client.get("/recover/new/").status_code == status


@pytest.mark.parametrize(("profile", "remembers"), [("standard", True), ("asvs-l2", False)])
def test_a_strict_profile_remembers_no_browser_even_if_it_is_asked(
    make_site: MakeSite, sqlite_url: str, profile: str, *, remembers: bool
) -> None:
    optional = {"GATEHOUSE_MFA_EVERYONE": "optional"}
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_PROFILE=profile, **optional))
    site.add_user("alice")
    client = site.client()
    assert ("Remember me" in client.get("/login/").text) == remembers
    send(client, "/login/", username="alice", password=PASSWORD, remember="y")
    assert client.get("/account/").status_code == 200
    assert (client.get_cookie("gatehouse_remember") is not None) == remembers


def test_what_a_browser_remembers_from_before_is_not_believed(
    make_site: MakeSite, sqlite_url: str
) -> None:
    shared = {"SECRET_KEY": "Zk3vQ0hY7sW1cN5mP9xR2tL8bD4gF6jA"}
    before = GatehouseTester(make_site(sqlite_url, **shared))
    client = before.client()
    before.sign_in(client, before.add_user("alice"), remember=True)
    kept = client.get_cookie("gatehouse_remember")
    assert kept is not None
    for extra, status in (({}, 200), (STRICT, 302)):
        site = GatehouseTester(make_site(sqlite_url, **shared, **extra))
        browser = site.client()
        browser.set_cookie("gatehouse_remember", kept.value)
        assert browser.get("/account/").status_code == status
