"""Browsers that are let off the second step: for whom, for how long, and what ends it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import url_for
from flask.testing import FlaskClient

from flask_gatehouse.features.mfa import kinds, resetting, trusting
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.errors import UnknownTrustedDevice
from flask_gatehouse.features.mfa.models import TrustedDevice
from flask_gatehouse.features.recovery_codes import service as recovery_codes
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.features.mfa.stories import ADD, CODE, PATIENT, enter, whose
from tests.features.totp.apps import shown, with_app
from tests.forms import cookie, send, sign_in, token
from tests.security.conftest import HTTPS
from tests.security.walk import change_password, events, rows, who

TRUST = {"GATEHOUSE_MFA_TRUST_FOR": "14d"}
COOKIE = "gatehouse_trusted"
GATE = "/second-step/"


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each kind of database; alice has an app, and so has bob."""
    site = GatehouseTester(make_site(database_url, **PATIENT, **TRUST))
    site.add_user("alice", email="alice@example.org")
    site.add_user("bob")
    return site


@pytest.fixture
def file_site(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    site = GatehouseTester(make_site(sqlite_url, **PATIENT, **TRUST))
    site.add_user("alice", email="alice@example.org")
    return site


def trusted(site: GatehouseTester, seed: bytes, name: str = "alice") -> FlaskClient:
    """Return a browser in which somebody ticked the box, and signed out again."""
    client = enter(site, seed, name, trust="y")
    assert cookie(client, COOKIE)
    leave(client)
    return client


def leave(client: FlaskClient) -> None:
    send(client, "/logout/")
    assert who(client) == "nobody"


def asked(client: FlaskClient, name: str = "alice", **fields: str) -> bool:
    """Return whether the second step is asked for in a browser."""
    page = sign_in(client, name, **fields)
    assert page.status_code == 303
    return bool(page.location.startswith(GATE))


def test_rem_05_who_ticked_the_box_is_not_asked_there_again(site: GatehouseTester) -> None:
    client = trusted(site, with_app(site))
    assert not asked(client)
    assert who(client) == "alice"
    (session,) = rows(site, Session)
    assert (session.methods, session.assurance) == ("password trusted_device", 1)
    (row,) = rows(site, TrustedDevice)
    assert row.last_used_at == site.clock.now()
    assert asked(site.client())
    assert events(site, "mfa.device_trusted")


def test_rem_05_without_the_tick_nothing_is_kept(file_site: GatehouseTester) -> None:
    site = file_site
    client = enter(site, with_app(site))
    assert cookie(client, COOKIE) is None
    assert rows(site, TrustedDevice) == []
    leave(client)
    assert asked(client)


def test_rem_05_a_wrong_step_trusts_nothing(file_site: GatehouseTester) -> None:
    site = file_site
    with_app(site)
    client = site.client()
    sign_in(client)
    assert send(client, CODE, code="000000", trust="y").status_code == 401
    assert cookie(client, COOKIE) is None
    assert rows(site, TrustedDevice) == []


def test_rem_05_where_it_is_not_allowed_the_box_does_nothing(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, **PATIENT))
    site.add_user("alice")
    seed = with_app(site)
    client = site.client()
    sign_in(client)
    assert 'name="trust"' not in client.get(CODE).text
    client = enter(site, seed, trust="y")
    assert cookie(client, COOKIE) is None
    assert rows(site, TrustedDevice) == []


def test_rem_05_what_is_no_longer_allowed_is_worth_nothing(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, **PATIENT, **TRUST))
    site.add_user("alice")
    client = trusted(site, with_app(site))
    held = cookie(client, COOKIE)
    shared = {"SECRET_KEY": site.app.config["SECRET_KEY"]}
    for lifetime, is_asked in (("14d", False), ("1d", True), ("0s", True)):
        later = make_site(sqlite_url, **PATIENT, **shared, GATEHOUSE_MFA_TRUST_FOR=lifetime)
        after = GatehouseTester(later)
        after.clock.move(timedelta(days=2))
        browser = after.client()
        browser.set_cookie(COOKIE, held or "")
        assert asked(browser) == is_asked, lifetime


def test_rem_05_it_stands_in_the_cookie_only_and_no_script_reads_it(
    file_site: GatehouseTester,
) -> None:
    site = file_site
    seed = with_app(site)
    client = site.client()
    sign_in(client)
    assert "for 14 days" in client.get(CODE).text
    page = send(client, CODE, code=shown(site, seed), trust="y")
    (line,) = [each for each in page.headers.getlist("Set-Cookie") if each.startswith(COOKIE)]
    value = line.partition(";")[0].partition("=")[2]
    assert len(value) == 43
    assert value not in page.text
    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=1209600"} <= set(line.split("; "))
    assert value not in str([vars(row) for row in rows(site, TrustedDevice)])
    assert value not in client.get("/account/devices/").text


def test_rem_05_by_https_it_travels_there_only(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, **PATIENT, **TRUST, GATEHOUSE_PUBLIC_URL=HTTPS))
    site.add_user("alice")
    seed = with_app(site)
    client = site.client()
    options = {"base_url": HTTPS}
    form = token(client.get("/login/", **options))
    fields = {"csrf_token": form, "username": "alice", "password": "seven quiet herons"}
    client.post("/login/", data=fields, headers={"Origin": HTTPS}, **options)
    form = token(client.get(CODE, **options))
    fields = {"csrf_token": form, "code": shown(site, seed), "trust": "y"}
    page = client.post(CODE, data=fields, headers={"Origin": HTTPS}, **options)
    lines = [each for each in page.headers.getlist("Set-Cookie") if "trusted" in each]
    assert lines
    assert lines[0].startswith("__Host-gatehouse-trusted=")
    assert {"Secure", "HttpOnly"} <= set(lines[0].split("; "))


def test_rem_05_it_is_worth_nothing_for_somebody_else(site: GatehouseTester) -> None:
    client = trusted(site, with_app(site))
    with_app(site, "bob")
    assert asked(client, "bob")
    assert who(client) == "nobody"
    # Nor is it used up by that.
    assert not asked(client)


def password_changed(site: GatehouseTester) -> None:
    change_password(site, "alice", "nine loud kettles")


def another_factor(site: GatehouseTester) -> None:
    with_app(site, called="Tablet")


def a_factor_fewer(site: GatehouseTester) -> None:
    user = whose(site)
    with site.work() as work:
        (factor,) = [each for each in mfa.of(work.db, user_id=user.id) if each.name == "Spare"]
    with site.work() as work:
        mfa.remove(work, user=user, factor=factor.public_id)


def new_recovery_codes(site: GatehouseTester) -> None:
    user = whose(site)
    with site.work() as work:
        recovery_codes.renew(work, user=user)


def reset(site: GatehouseTester) -> None:
    user = whose(site)
    with site.work() as work:
        resetting.ask(work, user=user, by=None)
    site.clock.move(timedelta(days=1))
    resetting.Resetting(site.app.extensions["gatehouse"].house).do(
        site.app.extensions["gatehouse"].works
    )
    with_app(site)


def all_sessions_ended(site: GatehouseTester) -> None:
    with site.work() as work:
        sessions.end_all(work, user_id=users.named(work.db, "alice").id)


def suspended(site: GatehouseTester) -> None:
    for change in (users.suspend, users.restore):
        with site.work() as work:
            change(work, user=users.named(work.db, "alice"))


def two_weeks(site: GatehouseTester) -> None:
    site.clock.move(timedelta(days=14))


ENDS = (
    password_changed,
    another_factor,
    a_factor_fewer,
    new_recovery_codes,
    reset,
    all_sessions_ended,
    suspended,
    two_weeks,
)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_rem_05_whatever_changes_what_is_asked_for_ends_it(
    site: GatehouseTester, end: Callable[[GatehouseTester], None]
) -> None:
    seed = with_app(site)
    with_app(site, called="Spare")
    client = trusted(site, seed)
    end(site)
    changed = end is password_changed
    assert asked(client, password="nine loud kettles") if changed else asked(client)
    assert who(client) == "nobody"


def test_rem_05_every_page_of_the_second_step_has_the_box(file_site: GatehouseTester) -> None:
    site = file_site
    with_app(site)
    with site.work() as work:
        mfa.write(work, user_id=users.named(work.db, "alice").id, method="passkey", name="Key")
    client = site.client()
    sign_in(client)
    for kind in kinds.all_of(site.app.extensions["gatehouse"].house):
        with site.app.test_request_context():
            path = url_for(kind.ask)
        assert 'name="trust"' in client.get(path).text, path


def test_rem_05_it_never_confirms_that_it_is_still_them(site: GatehouseTester) -> None:
    seed = with_app(site)
    client = trusted(site, seed)
    assert not asked(client)
    # Just signed in, and yet not as sure as a page wants that changes factors.
    page = client.get(ADD)
    assert page.location.startswith("/confirm/")
    confirmed = send(client, page.location, password="seven quiet herons")
    assert confirmed.location.startswith(GATE)
    assert 'name="trust"' not in client.get(CODE).text
    before = rows(site, TrustedDevice)
    code = shown(site, seed)
    assert send(client, CODE, code=code, trust="y").status_code == 303
    assert len(rows(site, TrustedDevice)) == len(before)
    assert client.get(ADD).status_code == 200
    (session,) = rows(site, Session)
    assert (session.methods, session.assurance) == ("password totp", 2)


def test_rem_05_made_up_and_odd_cookies_are_nothing(file_site: GatehouseTester) -> None:
    site = file_site
    client = trusted(site, with_app(site))
    good = cookie(client, COOKIE) or ""
    for odd in ("", "A" * 43, good[:-1], good + "A", good.swapcase(), "\u0661", "x" * 3000):
        browser = site.client()
        browser.set_cookie(COOKIE, odd)
        assert asked(browser), odd


def test_rem_05_one_browser_is_trusted_for_one_account(file_site: GatehouseTester) -> None:
    site = file_site
    site.add_user("bob")
    seeds = {"alice": with_app(site), "bob": with_app(site, "bob")}
    client = trusted(site, seeds["alice"])
    leave(enter(site, seeds["bob"], "bob", client=client, trust="y"))
    (row,) = rows(site, TrustedDevice)
    assert row.user_id == whose(site, "bob").id
    assert not asked(client, "bob")
    leave(client)
    assert asked(client)


def test_rem_05_it_is_listed_and_ended_by_its_owner(site: GatehouseTester) -> None:
    seed = with_app(site)
    client = trusted(site, seed)
    inside = enter(site, seed, client=site.client())
    (row,) = rows(site, TrustedDevice)
    page = inside.get("/account/devices/")
    assert "Browsers that are let off the second step" in page.text
    path = f"/account/devices/trusted/{row.public_id}/end/"
    assert path in page.text
    done = inside.post(path, data={"csrf_token": token(page)})
    assert done.location == "/account/devices/"
    assert rows(site, TrustedDevice) == []
    assert events(site, "mfa.trust_ended")
    assert asked(client)
    assert inside.post(path, data={"csrf_token": token(page)}).status_code == 404


def test_rem_05_nobody_ends_that_of_somebody_else(file_site: GatehouseTester) -> None:
    site = file_site
    site.add_user("bob")
    trusted(site, with_app(site))
    (row,) = rows(site, TrustedDevice)
    bob = site.client(whose(site, "bob"))
    form = token(bob.get("/account/devices/"))
    for device in (row.public_id, "A" * 22, "x", "A" * 5000):
        page = bob.post(f"/account/devices/trusted/{device}/end/", data={"csrf_token": form})
        assert page.status_code == 404
    with pytest.raises(UnknownTrustedDevice), site.work() as work:
        trusting.end(work, user_id=whose(site, "bob").id, device=row.public_id)
    assert [each.public_id for each in rows(site, TrustedDevice)] == [row.public_id]


def test_rem_05_ending_all_others_ends_those_of_other_browsers(site: GatehouseTester) -> None:
    seed = with_app(site)
    elsewhere = trusted(site, seed)
    here = enter(site, seed, client=site.client(), trust="y")
    page = here.get("/account/devices/")
    assert "End all others" in page.text
    here.post("/account/devices/end-others/", data={"csrf_token": token(page)})
    assert len(rows(site, TrustedDevice)) == 1
    assert asked(elsewhere)
    leave(here)
    assert not asked(here)


def test_what_is_over_is_cleared_away(file_site: GatehouseTester) -> None:
    site = file_site
    trusted(site, with_app(site))
    state = site.app.extensions["gatehouse"]
    chore = trusting.purge(state.house)
    chore.do(state.works)
    assert len(rows(site, TrustedDevice)) == 1
    site.clock.move(timedelta(days=14))
    chore.do(state.works)
    assert rows(site, TrustedDevice) == []
