"""What must not start does not start, and keys can be replaced."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flask_gatehouse import Gatehouse, Misconfigured
from flask_gatehouse.core import tokens
from flask_gatehouse.core.keys import KeyRing
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from gatehouse_site.app import create_app
from tests import forms
from tests.conftest import MakeSite
from tests.security.walk import (
    FORM,
    REMEMBER,
    SESSION,
    UNLIMITED,
    ask,
    invitation_for,
    people,
    routes,
    rows,
    setup_link,
    who,
    with_cookies,
)

ROOT = Path(__file__).parents[2]


def good_key() -> str:
    return secrets.token_urlsafe(48)


def start(home: Path, **config: object) -> Flask:
    """Start the site as it is started for people: nothing here runs as a test."""
    app = create_app({"GATEHOUSE_HOME": str(home), **config})
    app.extensions["gatehouse"].works.engine.dispose()
    return app


WEAK = {
    "dev": "dev",
    "changeme": "changeme",
    "eight bytes": "k3J-9x_Q",
    "31 bytes": "k3J-9x_Qk3J-9x_Qabcdefg12345678",
    "one letter": "a" * 64,
    "two letters": "ab" * 32,
    "zeros": "0" * 64,
    "an example": "this-is-just-an-example-key-for-the-readme-0123456789",
    "change me": "please-change-me-before-you-go-into-production-0123456789",
    "secret": "you-will-never-guess-my-very-long-secret-key-0123456789",
    "a default of Superset": "thisISaSECRET_1234 and some more letters after it",
    # What `python -c 'import secrets; print(secrets.token_hex())'` prints in Flask's own tutorial.
    "the key in Flask's tutorial": (
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"
    ),
    "the alphabet": "abcdefghijklmnopqrstuvwxyz0123456789",
    "digits": "0123456789" * 4,
}


@pytest.mark.parametrize("key", WEAK.values(), ids=WEAK)
@pytest.mark.parametrize("setting", ["GATEHOUSE_SECRET_KEY", "GATEHOUSE_SECRET_KEY_FALLBACKS"])
def test_cfg_01_a_key_that_others_may_know_stops_the_start(
    tmp_path: Path, setting: str, key: str
) -> None:
    with pytest.raises(Misconfigured) as refused:
        start(tmp_path, **{setting: key})
    assert setting in str(refused.value)
    assert key not in str(refused.value)


@pytest.mark.parametrize("key", WEAK.values(), ids=WEAK)
def test_cfg_01_a_host_is_held_to_the_same(tmp_path: Path, key: str) -> None:
    app = Flask("host", instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = key
    with pytest.raises(Misconfigured):
        Gatehouse(app)
    app = Flask("host", instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = key.encode()
    with pytest.raises(Misconfigured):
        Gatehouse(app)


@pytest.mark.parametrize("key", [None, "", b""])
def test_cfg_01_a_host_without_a_key_does_not_start(tmp_path: Path, key: object) -> None:
    app = Flask("host", instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = key
    with pytest.raises(Misconfigured):
        Gatehouse(app)


def test_cfg_01_no_key_in_our_own_pages_is_taken(tmp_path: Path) -> None:
    pages = [ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").rglob("*.md")]
    pages += [*(ROOT / "examples").rglob("*.py"), *(ROOT / "examples").rglob("*.md")]
    found = set()
    for page in pages:
        if page.exists():
            text = page.read_text("utf-8")
            found |= set(re.findall(r"SECRET_KEY[A-Z_]*\W{1,8}([A-Za-z0-9+/_-]{24,})", text))
    for key in found:
        with pytest.raises(Misconfigured):
            start(tmp_path, GATEHOUSE_SECRET_KEY=key)


def test_cfg_01_two_fresh_sites_have_different_keys_that_only_the_owner_reads(
    tmp_path: Path,
) -> None:
    keys = []
    for name in ("one", "two"):
        app = start(tmp_path / name)
        file = tmp_path / name / "secret_key"
        assert file.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
        keys.append(app.config["SECRET_KEY"])
        assert file.read_text() == keys[-1]
        assert start(tmp_path / name).config["SECRET_KEY"] == keys[-1]
    assert keys[0] != keys[1]
    assert all(len(key) >= 43 for key in keys)


def test_cfg_01_a_cookie_of_another_installation_opens_nothing(
    make_site: MakeSite, sqlite_url: str
) -> None:
    one = GatehouseTester(make_site(sqlite_url, GATEHOUSE_SECRET_KEY=good_key()))
    user = one.add_user()
    cookies = {name: forms.cookie(one.client(user), name) for name in (SESSION, FORM)}
    assert who(with_cookies(one, **cookies)) == "alice"
    # Even over the same database.
    other = GatehouseTester(make_site(sqlite_url, GATEHOUSE_SECRET_KEY=good_key()))
    assert who(with_cookies(other, **cookies)) == "nobody"


@pytest.fixture
def rotated(make_site: MakeSite, sqlite_url: str) -> Callable[..., GatehouseTester]:
    """Start the site again over the same database, with other keys."""

    def again(newest: str, *former: str) -> GatehouseTester:
        return GatehouseTester(
            make_site(
                sqlite_url,
                SECRET_KEY=newest,
                GATEHOUSE_SECRET_KEY=newest,
                GATEHOUSE_SECRET_KEY_FALLBACKS=", ".join(former),
                **UNLIMITED,
            )
        )

    return again


def test_cfg_02_a_new_key_signs_nobody_out_and_a_retired_one_everybody(
    rotated: Callable[..., GatehouseTester],
) -> None:
    old, new = good_key(), good_key()
    before = rotated(old)
    user = before.add_user("alice", email="alice@example.org")
    client = before.client()
    forms.sign_in(client, remember="y")
    cookies = {name: forms.cookie(client, name) for name in (SESSION, REMEMBER, FORM)}
    link = invitation_for(before, before.add_user("invited", password=None))

    during = rotated(new, old)
    for name in (SESSION, REMEMBER):
        assert who(with_cookies(during, **{name: cookies[name]})) == "alice"
    key = during.app.extensions["gatehouse"].house.keys.newest("sessions.handle").id
    fresh = during.client(user)
    assert (forms.cookie(fresh, SESSION) or "").split(".")[1] == key
    assert (cookies[SESSION] or "").split(".")[1] != key
    invited = during.client()
    invited.get(link)
    assert invited.get("/invitation/").status_code == 200

    after = rotated(new)
    for name in (SESSION, REMEMBER):
        assert who(with_cookies(after, **{name: cookies[name]})) == "nobody"
    assert who(with_cookies(after, **{SESSION: forms.cookie(fresh, SESSION)})) == "alice"
    late = after.client()
    late.get(link)
    assert late.get("/invitation/").status_code == 409


def test_cfg_02_a_session_of_the_former_key_can_be_ended(
    rotated: Callable[..., GatehouseTester],
) -> None:
    old, new = good_key(), good_key()
    before = rotated(old)
    before.add_user()
    client = before.client()
    forms.sign_in(client, remember="y")
    cookies = {name: forms.cookie(client, name) for name in (SESSION, REMEMBER, FORM)}

    during = rotated(new, old)
    held = with_cookies(during, **cookies)
    assert forms.send(held, "/logout/").status_code == 303
    assert rows(during, Session) == []
    for name in (SESSION, REMEMBER):
        assert who(with_cookies(during, **{name: cookies[name]})) == "nobody"
        assert who(with_cookies(before, **{name: cookies[name]})) == "nobody"


def test_cfg_02_a_form_that_was_open_meanwhile_is_sent_or_refused_but_breaks_nothing(
    rotated: Callable[..., GatehouseTester],
) -> None:
    old, new = good_key(), good_key()
    before = rotated(old)
    before.add_user()
    client = before.client()
    token = forms.token(client.get("/login/"))
    during = rotated(new, old)
    held = with_cookies(during, **{FORM: forms.cookie(client, FORM)})
    data = {"csrf_token": token, "username": "alice", "password": PASSWORD}
    assert held.post("/login/", data=data).status_code in {303, 400}
    assert forms.sign_in(held).status_code == 303


def test_cfg_02_a_set_up_link_outlives_the_change_of_key(
    rotated: Callable[..., GatehouseTester],
) -> None:
    old, new = good_key(), good_key()
    path = setup_link(rotated(old))
    assert rotated(new).client().get(path).status_code == 404
    assert rotated(new, old).client().get(path).status_code == 200


@given(st.binary(min_size=32, max_size=64), st.text(max_size=40), st.text(max_size=40))
def test_cfg_03_what_was_made_for_one_purpose_is_worth_nothing_for_another(
    root: bytes, one: str, other: str
) -> None:
    ring = KeyRing([root])
    keys = {purpose: ring.newest(purpose) for purpose in (one, other)}
    secret = "s" * 43
    made = tokens.digest(secret, keys[one].value)
    found = any(tokens.same(made, each) for each in ring.digests(other, secret))
    assert found == (one == other)
    assert (keys[one].value == keys[other].value) == (one == other)
    assert root not in (keys[one].value, keys[other].value)


def test_cfg_03_no_secret_of_ours_opens_another_door(patient: GatehouseTester) -> None:
    setup = setup_link(patient).split("/")[2]
    user = patient.add_user("alice", email="alice@example.org")
    invitation = invitation_for(patient, user).split("/")[2]
    client = patient.client()
    forms.sign_in(client, remember="y")
    session, remember = (forms.cookie(client, name) or "" for name in (SESSION, REMEMBER))
    token = forms.token(client.get("/account/"))
    form = forms.cookie(client, FORM) or ""
    bare = [session.split(".")[2], remember.split(".")[2]]
    key = session.split(".")[1]
    every = [setup, invitation, session, remember, token, form, *bare]
    handles = [*every, *(f"gh1s.{key}.{value}" for value in every)]
    for value in handles:
        for name in (SESSION, REMEMBER):
            seen = who(with_cookies(patient, **{name: value}))
            assert seen == ("alice" if value in {session, remember} else "nobody")
    for value in every:
        thief = with_cookies(patient, gatehouse_invitation=value)
        assert (thief.get("/invitation/").status_code == 200) == (value == invitation)
        assert patient.client().get(f"/setup/{value}/").status_code == 404
    stranger = patient.client()
    for value in [*every, form.split(".")[0]]:
        data = {"csrf_token": value, "username": "alice", "password": PASSWORD}
        assert stranger.post("/login/", data=data).status_code == 400


UNSAFE = {
    "LOGIN_DISABLED": True,
    "GATEHOUSE_PASSWORDS_HASH_MEMORY": "8KiB",
    "GATEHOUSE_PASSWORDS_MINIMUM": 7,
    "GATEHOUSE_PASSWORDS_MAXIMUM": 63,
    "GATEHOUSE_PASSWORDS_INVITATION_LIFETIME": "73h",
    "GATEHOUSE_SESSIONS_IDLE_LIMIT": "25h",
    "GATEHOUSE_SESSIONS_ABSOLUTE_LIMIT": "31d",
    "GATEHOUSE_SESSIONS_REMEMBER_LIMIT": "31d",
    "GATEHOUSE_WEB_HSTS_MAX_AGE": "1d",
    "GATEHOUSE_TRUSTED_PROXIES": -1,
}


@pytest.mark.parametrize("switch", UNSAFE)
def test_cfg_04_what_is_for_tests_or_weaker_than_the_floor_stops_the_start(
    tmp_path: Path, switch: str
) -> None:
    with pytest.raises(Misconfigured) as refused:
        start(tmp_path, **{switch: UNSAFE[switch]})
    assert switch in str(refused.value) or "hash" in str(refused.value)


@pytest.mark.parametrize("limit", ["NAME_AND_NETWORK", "DEVICE", "SESSION"])
@pytest.mark.parametrize("rate", ["101/15m", "1000000/1s", "10/0m", "10/0s", "0/15m"])
def test_cfg_04_a_limit_of_sign_ins_cannot_be_set_to_none(
    tmp_path: Path, rate: str, limit: str
) -> None:
    """NIST SP 800-63B-4 3.2.2 allows at most a hundred."""
    with pytest.raises(Misconfigured):
        start(tmp_path, **{f"GATEHOUSE_THROTTLING_{limit}": rate})


@pytest.mark.parametrize("failures", ["101", "0", "4", "none", "-1"])
def test_cfg_04_the_stop_of_a_password_cannot_be_taken_away(tmp_path: Path, failures: str) -> None:
    with pytest.raises(Misconfigured):
        start(tmp_path, GATEHOUSE_PASSWORDS_FAILURES=failures)


@pytest.mark.parametrize("rate", ["60/0m", "0/10m"])
@pytest.mark.parametrize("limit", ["NETWORK", "ACCOUNT", "LINKS"])
def test_cfg_04_no_window_is_empty(tmp_path: Path, limit: str, rate: str) -> None:
    with pytest.raises(Misconfigured):
        start(tmp_path, **{f"GATEHOUSE_THROTTLING_{limit}": rate})


def test_cfg_04_switches_that_are_for_tests_have_no_effect_elsewhere(tmp_path: Path) -> None:
    app = start(tmp_path, WTF_CSRF_ENABLED=False, WTF_CSRF_CHECK_DEFAULT=False)
    client = app.test_client()
    assert client.post("/login/", data={"username": "a", "password": "b"}).status_code == 400
    assert client.post("/logout/").status_code == 400


def test_cfg_04_a_site_cannot_be_put_under_test_by_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TESTING", "FLASK_TESTING", "FLASK_LOGIN_DISABLED", "FLASK_ENV"):
        monkeypatch.setenv(name, "1")
    app = start(tmp_path)
    assert not app.testing
    assert app.test_client().get("/admin/").status_code == 302
    assert app.test_client().post("/login/").status_code == 400


def test_cfg_04_the_tools_for_tests_refuse_a_site_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        GatehouseTester(start(tmp_path))


MISTAKES: dict[str, object] = {
    "GATEHOUSE_SESSION_IDLE_LIMIT": "30m",
    "GATEHOUSE_SESSIONS_IDLE": "30m",
    "GATEHOUSE_SECRETKEY": "x" * 40,
    "GATEHOUSE_PUBLICURL": "https://ours.example",
    "GATEHOUSE_ANYTHING": "1",
    "GATEHOUSE_TRUSTED_PROXY": "1",
}


@pytest.mark.parametrize("name", MISTAKES)
def test_cfg_05_an_unknown_name_stops_the_start_and_names_a_real_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with pytest.raises(Misconfigured) as refused:
        start(tmp_path, **{name: MISTAKES[name]})
    assert name in str(refused.value)
    assert "GATEHOUSE_" in str(refused.value).partition(name)[2]
    monkeypatch.setenv(name, str(MISTAKES[name]))
    with pytest.raises(Misconfigured) as refused:
        start(tmp_path)
    assert name in str(refused.value)


WRONG: tuple[tuple[str, object], ...] = (
    ("GATEHOUSE_SESSIONS_IDLE_LIMIT", "an hour"),
    ("GATEHOUSE_SESSIONS_IDLE_LIMIT", "60"),
    ("GATEHOUSE_SESSIONS_IDLE_LIMIT", 3600),
    ("GATEHOUSE_SESSIONS_IDLE_LIMIT", ""),
    ("GATEHOUSE_SESSIONS_IDLE_LIMIT", None),
    ("GATEHOUSE_SESSIONS_IDLE_LIMIT", "-1h"),
    ("GATEHOUSE_SESSIONS_IDLE_LIMIT", "never"),
    ("GATEHOUSE_SESSIONS_PER_USER", "many"),
    ("GATEHOUSE_SESSIONS_PER_USER", 0),
    ("GATEHOUSE_SESSIONS_PER_USER", 2.5),
    ("GATEHOUSE_SESSIONS_PER_USER", True),
    ("GATEHOUSE_THROTTLING_NETWORK", "10 per minute"),
    ("GATEHOUSE_THROTTLING_NETWORK", 10),
    ("GATEHOUSE_THROTTLING_NETWORK", "none"),
    ("GATEHOUSE_PASSWORDS_HASH_MEMORY", "64 gigabytes"),
    ("GATEHOUSE_PASSWORDS_HASH_TIME", 0),
    ("GATEHOUSE_WEB_HEADERS", "off"),
    ("GATEHOUSE_WEB_FORM_LIMIT", "-1"),
    ("GATEHOUSE_PUBLIC_URL", "ours.example"),
    ("GATEHOUSE_PUBLIC_URL", "ftp://ours.example"),
    ("GATEHOUSE_PUBLIC_URL", "https://"),
    ("GATEHOUSE_PUBLIC_URL", "https://ours.example/?x=1"),
    ("GATEHOUSE_PUBLIC_URL", "javascript:alert(1)"),
    ("GATEHOUSE_PUBLIC_URL", "https://ours..example"),
    ("GATEHOUSE_PUBLIC_URL", f"https://{'o' * 64}.example"),
    ("GATEHOUSE_PUBLIC_URL", "https://b\u00fccher..example"),
    ("GATEHOUSE_PUBLIC_URL", ""),
    ("GATEHOUSE_TRUSTED_PROXIES", "yes"),
    ("GATEHOUSE_TRUSTED_PROXIES", 11),
    ("GATEHOUSE_DATABASE_URL", "not a url"),
    ("GATEHOUSE_DATABASE_URL", "oracle://x"),
    ("GATEHOUSE_MAIL_URL", "smtp"),
    ("GATEHOUSE_REDIS_URL", "http://localhost"),
)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_cfg_05_a_value_that_makes_no_sense_stops_the_start_with_its_name(
    tmp_path: Path, name: str, value: object
) -> None:
    with pytest.raises(Misconfigured) as refused:
        start(tmp_path, **{name: value})
    assert name in str(refused.value)


def test_cfg_05_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEHOUSE")}
    done = subprocess.run(
        [sys.executable, "-c", "from gatehouse_site.cli import main; main()", "users", "list"],
        env={**clean, "GATEHOUSE_HOME": str(tmp_path), "GATEHOUSE_SESSIONS_IDLE": "1h"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "GATEHOUSE_SESSIONS_IDLE_LIMIT" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_cfg_06_no_request_changes_what_is_configured(patient: GatehouseTester) -> None:
    app = patient.app

    def picture() -> str:
        house = app.extensions["gatehouse"].house
        in_force = [(row.declared.key, row.value, row.origin) for row in house.settings.in_force]
        return repr((in_force, sorted(app.config.items(), key=lambda item: str(item[0]))))

    kinds = people(patient)
    before = picture()
    for client in kinds.values():
        for route in routes(app):
            for headers in ({"Host": "localhost"}, {"X-Forwarded-Host": "evil.example"}, {}):
                ask(client, route.path, "GET", headers=headers)
                ask(client, route.path, "POST", headers=headers, data={"GATEHOUSE_X": "1"})
    assert picture() == before
    with pytest.raises((AttributeError, TypeError)):
        app.extensions["gatehouse"].house.settings.in_force[0].value = 1


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example.org:25?tls=none",
        "smtp://203.0.113.1?tls=none",
        "smtp://mail.example.org?tls=false",
        "smtp://mail.example.org?verify=no",
        "smtps://mail.example.org?tls=none",
        "smtp://localhost.evil.example?tls=none",
        "smtp://127.0.0.1.evil.example?tls=none",
        "smtp://user:marker-of-a-secret@mail.example.org?tls=none",
    ],
)
def test_cfg_07_no_mail_leaves_this_machine_unencrypted(tmp_path: Path, url: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        start(tmp_path, GATEHOUSE_MAIL_URL=url)
    assert "GATEHOUSE_MAIL_URL" in str(refused.value)
    assert "marker-of-a-secret" not in str(refused.value)


def test_cfg_08_what_a_stranger_sends_is_never_signed_for_another_use(
    patient: GatehouseTester,
) -> None:
    """The form cookie is the one sealed value that a stranger gets: nothing of theirs is in it."""
    client = patient.client()
    chosen = "chosen-by-a-stranger"
    for route in routes(patient.app, chosen):
        ask(client, route.path, query_string={"next": f"/{chosen}", "csrf_token": chosen})
    forms.sign_in(client, chosen, chosen, next=f"/{chosen}")
    with client.session_transaction() as kept:
        held = repr(dict(kept))
    assert chosen not in held
    assert set(dict(kept)) <= {"csrf_token", "_flashes"}


@pytest.mark.parametrize("name", ["GATEHOUSE_PORT", "GATEHOUSE_SERVICE_HOST", "GATEHOUSE_TEST_IT"])
def test_what_others_write_into_the_environment_is_no_excuse_in_the_configuration(
    make_site: MakeSite, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "tcp://10.0.0.1:80")
    make_site(sqlite_url)
    with pytest.raises(Misconfigured, match=f"{name} in app.config is not a setting"):
        make_site(sqlite_url, **{name: "1"})
