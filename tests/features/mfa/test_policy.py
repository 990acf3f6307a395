"""What is asked of whom: by way in, policy, time, and what the account has."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask_login import login_user
from werkzeug.test import TestResponse

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.mfa import examinations, policy
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.errors import FactorsOff, LastFactor
from flask_gatehouse.features.mfa.models import Factor, RequiredSince
from flask_gatehouse.features.mfa.settings import MfaSettings
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.conftest import MakeSite
from tests.features.mfa.stories import ADD, PATIENT, SET_UP, enter, set_up_app, whose
from tests.features.totp.apps import with_app
from tests.forms import send, sign_in, token
from tests.security import walk
from tests.security.walk import ask, rows, who
from tests.statements import written

REQUIRED = {"GATEHOUSE_MFA_EVERYONE": "required"}
AT_ONCE = {**REQUIRED, "GATEHOUSE_MFA_GRACE": "0s"}
WORDS = ("off", "optional", "once-enrolled", "required")

Made = Callable[..., GatehouseTester]


def with_host(app: Flask) -> Flask:
    def host_login() -> str:
        name = str(request.args["name"])
        with app.extensions["gatehouse"].works.reading() as db:
            user = users.named(db, name)
        return str(login_user(user))

    app.add_url_rule("/host/login/", "host_login", host_login, methods=["POST"])
    return app


@pytest.fixture
def made(make_site: MakeSite, sqlite_url: str) -> Made:
    """Make the site on a file, under some policy."""
    return lambda **config: GatehouseTester(
        with_host(make_site(sqlite_url, **{**PATIENT, **config}))
    )


@pytest.fixture
def everywhere(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each kind of database, with a factor required of everybody at once."""
    return GatehouseTester(make_site(database_url, **PATIENT, **AT_ONCE))


def by_password(site: GatehouseTester, client: FlaskClient) -> TestResponse:
    del site
    return sign_in(client)


def by_password_remembered(site: GatehouseTester, client: FlaskClient) -> TestResponse:
    del site
    return sign_in(client, remember="y")


def by_coming_back(site: GatehouseTester, client: FlaskClient) -> TestResponse:
    with site.work() as work:
        alice = users.named(work.db, "alice")
        users.deactivate(work, user_id=alice.id, only_if=User.epoch == alice.epoch)
    assert sign_in(client).location.startswith("/login/return/")
    return send(client, "/login/return/")


def by_the_host(site: GatehouseTester, client: FlaskClient) -> TestResponse:
    del site
    return client.post("/host/login/?name=alice")


WAYS = (by_password, by_password_remembered, by_coming_back, by_the_host)

IN, GATE, HELD = "in", "/second-step/", SET_UP


def expected(word: str, grace: str, *, has_app: bool) -> str:
    if has_app:
        return GATE
    return HELD if word == "required" and grace == "0s" else IN


@pytest.mark.parametrize("has_app", [False, True], ids=["without", "with an app"])
@pytest.mark.parametrize("grace", ["0s", "7d"])
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_asvs_6_3_3_what_is_asked_is_asked_on_every_way_in(
    made: Made, way: Callable[..., TestResponse], word: str, grace: str, *, has_app: bool
) -> None:
    site = made(GATEHOUSE_MFA_EVERYONE="optional")
    site.add_user("alice", email="alice@example.org")
    if has_app:
        with_app(site)
    # The same database under another policy, as after a new start.
    site = again(made, site, GATEHOUSE_MFA_EVERYONE=word, GATEHOUSE_MFA_GRACE=grace)
    client = site.client()
    page = way(site, client)
    wanted = expected(word, grace, has_app=has_app)
    if wanted == IN:
        assert who(client) == "alice"
        return
    assert page.location.partition("?")[0] == wanted
    assert who(client) == "nobody"
    assert rows(site, Session) == []


def again(made: Made, before: GatehouseTester, **config: object) -> GatehouseTester:
    """Start the site again, with the same key, at the same time."""
    site = made(SECRET_KEY=before.app.config["SECRET_KEY"], **config)
    site.clock.move(before.clock.now() - site.clock.now())
    return site


def test_asvs_6_3_3_who_has_nothing_sets_it_up_on_the_way_in(everywhere: GatehouseTester) -> None:
    site = everywhere
    site.add_user("alice")
    client = site.client()
    held = sign_in(client, next="/account/devices/")
    assert held.location.startswith(SET_UP)
    page = client.get(held.location)
    assert "Set up a second step" in page.text
    assert f'href="{ADD}"' in page.text
    assert "six digits that you type" in page.text

    done = set_up_app(site, client)
    assert done.status_code == 200
    assert "Keep these codes" in done.text
    assert "/account/devices/" in done.text
    assert who(client) == "alice"
    (session,) = rows(site, Session)
    assert (session.methods, session.assurance) == ("password totp", 2)
    # It can do whatever anybody can who proved both.
    assert client.get(ADD).status_code == 200


def test_mfa_14_whoever_leaves_the_page_is_nobody(made: Made) -> None:
    site = made(**AT_ONCE)
    site.add_user("alice", admin=True)
    client = site.client()
    sign_in(client)
    stranger = site.client()
    for route in walk.routes(site.app):
        if route.path in {SET_UP, ADD}:
            continue
        theirs, ours = ask(stranger, route.path), ask(client, route.path)
        assert (ours.status_code, ours.location) == (theirs.status_code, theirs.location), route
    second_tab = sign_in(client)
    assert second_tab.location.startswith(SET_UP)
    assert rows(site, Session) == []


def test_mfa_14_the_time_of_grace_ends_sessions_that_were_opened_in_it(
    everywhere_with_grace: GatehouseTester,
) -> None:
    site = everywhere_with_grace
    site.add_user("alice")
    client, remembering = site.client(), site.client()
    assert sign_in(client).location == "/admin/"
    sign_in(remembering, remember="y")
    remembering.delete_cookie("gatehouse")
    assert (who(client), who(remembering)) == ("alice", "alice")
    for _ in range(7 * 48 - 1):
        site.clock.move(timedelta(minutes=30))
        if site.clock.now().hour == 11:
            assert who(remembering) == "alice"
    sign_in(client)
    assert who(client) == "alice"
    site.clock.move(timedelta(minutes=30))
    assert (who(client), who(remembering)) == ("nobody", "nobody")
    assert sign_in(client).location.startswith(SET_UP)


@pytest.fixture
def everywhere_with_grace(make_site: MakeSite, database_url: str) -> GatehouseTester:
    return GatehouseTester(make_site(database_url, **PATIENT, **REQUIRED))


def test_mfa_14_a_session_of_before_the_policy_has_its_days_from_the_first_request(
    made: Made,
) -> None:
    site = made()
    site.add_user("alice")
    client = site.client()
    sign_in(client, remember="y")
    handle = client.get_cookie("gatehouse_remember")
    assert handle is not None
    site.clock.move(timedelta(days=3))
    after = again(made, site, **REQUIRED)
    browser = after.client()
    browser.set_cookie("gatehouse_remember", handle.value)
    assert who(browser) == "alice"
    (row,) = rows(after, RequiredSince)
    assert row.required_since == after.clock.now()
    after.clock.move(timedelta(days=6))
    assert who(browser) == "alice"
    after.clock.move(timedelta(days=1))
    assert who(browser) == "nobody"
    assert rows(after, RequiredSince)[0].required_since == row.required_since


def test_mfa_14_a_session_with_one_step_ends_even_if_an_app_was_added_since(made: Made) -> None:
    site = made(**REQUIRED)
    site.add_user("alice")
    client = site.client()
    sign_in(client)
    assert "Keep these codes" in set_up_app(site, client).text
    assert who(client) == "alice"
    site.clock.move(timedelta(days=7))
    assert who(client) == "nobody"


def test_mfa_14_the_last_factor_stays(everywhere_with_grace: GatehouseTester) -> None:
    site = everywhere_with_grace
    site.add_user("alice")
    seed = with_app(site)
    client = enter(site, seed)
    user = whose(site)
    with site.work() as work:
        (factor,) = [each for each in mfa.of(work.db, user_id=user.id) if each.method == "totp"]
    path = f"/account/factors/{factor.public_id}/remove/"
    page = client.post(path, data={"csrf_token": token(client.get("/account/factors/"))})
    assert page.status_code == 303
    assert "You need at least one" in client.get("/account/factors/").text
    assert {row.method for row in rows(site, Factor)} == {"totp", "recovery_code"}


@pytest.mark.parametrize("admin", [False, True])
@pytest.mark.parametrize("word", WORDS)
def test_who_may_remove_their_last_factor(made: Made, word: str, *, admin: bool) -> None:
    site = made()
    site.add_user("alice", admin=admin)
    with_app(site)
    site = again(made, site, GATEHOUSE_MFA_EVERYONE=word)
    user = whose(site)
    with site.work() as work:
        (factor,) = [each for each in mfa.of(work.db, user_id=user.id) if each.method == "totp"]
    keeps = admin or word in {"once-enrolled", "required"}
    if keeps:
        with pytest.raises(LastFactor), site.work() as work:
            mfa.remove(work, user=user, factor=factor.public_id)
    else:
        with site.work() as work:
            mfa.remove(work, user=user, factor=factor.public_id)
    assert bool(rows(site, Factor)) == keeps


def test_of_two_that_count_one_may_go(made: Made) -> None:
    site = made(GATEHOUSE_MFA_EVERYONE="once-enrolled")
    site.add_user("alice")
    with_app(site)
    with_app(site, called="Tablet")
    user = whose(site)
    with site.work() as work:
        first, *_ = [each for each in mfa.of(work.db, user_id=user.id) if each.method == "totp"]
    with site.work() as work:
        mfa.remove(work, user=user, factor=first.public_id)
    assert {row.name for row in rows(site, Factor)} == {"Tablet", "Recovery codes"}


@pytest.mark.parametrize(
    ("everyone", "administrators", "member", "administrator"),
    [
        ("off", "off", "off", "off"),
        ("off", "once-enrolled", "off", "once-enrolled"),
        ("optional", "off", "optional", "optional"),
        ("optional", "required", "optional", "required"),
        ("once-enrolled", "optional", "once-enrolled", "once-enrolled"),
        ("required", "off", "required", "required"),
    ],
)
def test_of_two_words_the_stricter_one_holds_for_an_administrator(
    everyone: Any, administrators: Any, member: str, administrator: str
) -> None:
    settings = MfaSettings(everyone=everyone, administrators=administrators)
    assert settings.asked_of(administrator=False) == member
    assert settings.asked_of(administrator=True) == administrator


def test_asvs_6_3_3_a_role_can_be_asked_for_more(made: Made) -> None:
    site = made(GATEHOUSE_MFA_ADMINISTRATORS="required", GATEHOUSE_MFA_GRACE="0s")
    site.add_user("alice")
    site.add_user("keeper", admin=True)
    assert sign_in(site.client()).location == "/admin/"
    keeper = site.client()
    assert sign_in(keeper, "keeper").location.startswith(SET_UP)
    assert keeper.get("/admin/people/").location.startswith("/login/")
    # Whoever becomes one is asked from then on, also in what is open.
    client = site.client()
    sign_in(client)
    with site.work() as work:
        users.make_administrator(work, user=users.named(work.db, "alice"))
    assert who(client) == "nobody"


def test_where_it_is_off_nobody_adds_any_and_what_there_is_is_asked_for(made: Made) -> None:
    site = made()
    site.add_user("alice")
    site.add_user("bob")
    seed = with_app(site)
    site = again(made, site, GATEHOUSE_MFA_EVERYONE="off")
    bob = site.client()
    sign_in(bob, "bob")
    assert "Passkeys and second steps" not in bob.get("/account/").text
    for path in ("/account/factors/", ADD, SET_UP):
        assert bob.get(path).status_code == 404, path
    client = enter(site, seed)
    listed = client.get("/account/factors/")
    assert "Phone" in listed.text
    assert ADD not in listed.text
    assert client.get(ADD).status_code == 404
    with pytest.raises(FactorsOff), site.work() as work:
        mfa.add(work, user=whose(site), method="totp", name="Another")
    # Who has codes may still make new ones.
    fresh = client.post(
        "/account/recovery-codes/new/",
        data={"csrf_token": token(client.get("/account/recovery-codes/"))},
    )
    assert fresh.status_code == 200


def test_where_it_is_off_no_account_begins_with_a_passkey_and_none_is_offered(made: Made) -> None:
    open_to_all = {"GATEHOUSE_REGISTRATION_MODE": "open", "GATEHOUSE_PASSKEYS_REGISTER": "yes"}
    made().add_user("keeper", admin=True)
    for word, offered in (("optional", True), ("off", False)):
        site = made(**open_to_all, GATEHOUSE_MFA_EVERYONE=word)
        assert ("/register/passkey/options/" in site.client().get("/register/").text) == offered
        anybody = site.client()
        form = token(anybody.get("/register/"))
        asked = anybody.post("/register/passkey/options/", data={"csrf_token": form})
        assert (asked.status_code == 200) == offered
        name = f"alice-{word}"
        site.add_user(name)
        client = site.client()
        sign_in(client, name)
        assert ("Make a passkey?" in client.get("/account/").text) == offered


def test_during_the_grace_people_arrive_where_they_wanted_and_are_told(made: Made) -> None:
    site = made(**REQUIRED)
    site.add_user("alice", admin=True)
    client = site.client()
    page = sign_in(client, next="/account/devices/")
    assert page.location == "/account/devices/"
    assert "Set one up before 2026-06-22 12:00 UTC" in client.get(page.location).text
    for path in ("/account/", "/admin/", "/account/factors/"):
        shown_page = client.get(path).text
        assert "22 June 2026, 12:00 UTC" in shown_page, path
        assert f'href="{SET_UP}"' in shown_page
    assert client.get(SET_UP).status_code == 200
    set_up_app(site, client)
    for path in ("/account/", "/admin/", "/account/factors/"):
        assert "22 June 2026" not in client.get(path).text, path


@pytest.mark.parametrize("path", [SET_UP, ADD, "/account/passkeys/add/"])
def test_whoever_has_to_confirm_first_comes_back_to_what_they_wanted_to_set_up(
    made: Made, path: str
) -> None:
    site = made(**REQUIRED)
    site.add_user("alice")
    client = site.client()
    sign_in(client)
    site.clock.move(timedelta(minutes=20))
    page = client.get(path)
    assert page.location.startswith("/confirm/")
    assert send(client, page.location, password=PASSWORD).location == path


def test_nobody_is_told_where_nothing_is_asked(made: Made) -> None:
    site = made()
    site.add_user("alice", admin=True)
    client = site.client()
    sign_in(client)
    assert "second step" not in client.get("/account/").text.replace(
        "Passkeys and second steps", ""
    )
    assert rows(site, RequiredSince) == []


def test_mfa_18_whoever_has_a_factor_adds_no_other_on_the_way_in(made: Made) -> None:
    site = made(**AT_ONCE)
    site.add_user("alice")
    client = site.client()
    assert sign_in(client).location.startswith(SET_UP)
    # Meanwhile the owner sets one up in another browser.
    with_app(site)
    before = {row.public_id for row in rows(site, Factor)}
    answered = set_up_app(site, client)
    assert answered.location.startswith("/login/")
    assert {row.public_id for row in rows(site, Factor)} == before
    assert rows(site, Session) == []


def test_the_time_begins_once_for_any_number_at_once(
    make_site: MakeSite, database_url: str
) -> None:
    site = GatehouseTester(make_site(database_url, **PATIENT, **REQUIRED))
    site.add_user("alice")
    gate = Barrier(6)

    def begin(n: int) -> datetime | None:
        user = whose(site)
        gate.wait(timeout=60)
        with site.work() as work:
            work.now += timedelta(minutes=n)
            return policy.deadline(work, user=user)

    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(begin, range(6)))
    (row,) = rows(site, RequiredSince)
    assert found == {row.required_since + timedelta(days=7)}


def test_a_session_with_two_steps_costs_no_question_more(made: Made) -> None:
    site = made(**REQUIRED)
    site.add_user("alice")
    seed = with_app(site)
    client = enter(site, seed)
    with written(site) as sent:
        assert client.get("/").status_code in {200, 303}
        assert client.get("/account/activity/").status_code == 200
    assert not any("mfa_account" in each for each in sent)
    assert rows(site, RequiredSince) == []
    # One with a single step costs one.
    site.add_user("bob")
    other = site.client()
    sign_in(other, "bob")
    with written(site) as sent:
        assert other.get("/account/activity/").status_code == 200
    assert sum("mfa_account" in each for each in sent) == 1


def test_people_of_the_host_are_not_concerned(made: Made) -> None:
    site = made(**AT_ONCE)
    step = policy.stands(
        site.app.extensions["gatehouse"].works,
        _Standing(),  # type: ignore[arg-type]
    )
    assert step


class _Standing:
    user = None
    methods = ("host",)


def test_the_start_is_refused_if_nobody_could_set_anything_up(made: Made) -> None:
    with pytest.raises(Misconfigured, match=r"required.*flask-gatehouse\[totp,passkeys\]"):
        made(**REQUIRED, **NO_KIND)
    with pytest.raises(Misconfigured, match="required"):
        made(GATEHOUSE_MFA_ADMINISTRATORS="required", **NO_KIND)
    made(GATEHOUSE_MFA_EVERYONE="once-enrolled", **NO_KIND)


#: Whatever kinds there are, switched off.
NO_KIND = {"GATEHOUSE_TOTP_ENABLED": "no", "GATEHOUSE_PASSKEYS_ENABLED": "no"}


def test_a_strict_profile_requires_it_at_once(made: Made) -> None:
    site = made(GATEHOUSE_PROFILE="asvs-l2")
    settings = site.app.extensions["gatehouse"].settings[MfaSettings]
    assert (settings.everyone, settings.grace) == ("required", timedelta(0))
    assert settings.trust_for == timedelta(0)
    site.add_user("alice")
    assert sign_in(site.client()).location.startswith(SET_UP)


def command(site: GatehouseTester, *args: str) -> Any:
    return site.app.test_cli_runner().invoke(args=["gatehouse", "mfa", *args])


def test_the_command_counts_before_an_owner_requires_it(everywhere_with_grace: Any) -> None:
    site = everywhere_with_grace
    site.add_user("alice")
    site.add_user("bob")
    site.add_user("mallory")
    walk.suspend(site, "mallory")
    site.add_user("keeper", admin=True)
    with_app(site)
    told = json.loads(command(site, "status", "--json").stdout)
    assert told == {
        "people": {"with": 1, "without": 1},
        "administrators": {"with": 0, "without": 1},
    }
    assert "people           1 with, 1 without a factor" in command(site, "status").stdout
    found = list(examinations.without(site.app.extensions["gatehouse"].works))
    assert [each.what[:1] for each in found] == ["1", "1"]


def test_the_command_shows_an_account(made: Made) -> None:
    site = made()
    site.add_user("alice")
    with_app(site)
    told = json.loads(command(site, "show", "alice", "--json").stdout)
    assert told["asked"] == "optional"
    assert {each["method"] for each in told["factors"]} == {"recovery_code", "totp"}
    assert told["reset_due"] is None
    assert "Authenticator" not in command(site, "show", "alice").stdout
    assert "totp           Phone" in command(site, "show", "alice").stdout
    assert command(site, "show", "nobody-here").exit_code == 1
