"""Factors that were lost: taken away by somebody else, after time in which to stop it."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient

from flask_gatehouse.features.mfa import resetting
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.errors import NoReset, NothingToReset, OwnReset, ResetWaits
from flask_gatehouse.features.mfa.models import Factor, FactorReset
from flask_gatehouse.features.mfa.resetting import Resetting
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.features.mfa.stories import CODE, PATIENT, enter, whose
from tests.features.totp.apps import with_app
from tests.forms import send, sign_in, token
from tests.security import walk
from tests.security.walk import UNSAFE, ask, events, rows, who

DAY = timedelta(days=1)
PAGE = "/admin/factors/"


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each kind of database, with alice, who has an app, and an administrator."""
    return peopled(GatehouseTester(make_site(database_url, **PATIENT)))


@pytest.fixture
def file_site(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    return peopled(GatehouseTester(make_site(sqlite_url, **PATIENT)))


def peopled(site: GatehouseTester) -> GatehouseTester:
    site.add_user("alice", email="alice@example.org")
    site.add_user("keeper", admin=True)
    with_app(site)
    return site


def begin(site: GatehouseTester, name: str = "alice") -> None:
    user = whose(site, name)
    with site.work() as work:
        resetting.ask(work, user=user, by=None)


def upkeep(site: GatehouseTester) -> bool:
    state = site.app.extensions["gatehouse"]
    return Resetting(state.house).do(state.works)


def subjects(site: GatehouseTester) -> list[tuple[str, str]]:
    told = [(str(mail["To"]), str(mail["Subject"])) for mail in site.mails()]
    return [each for each in told if "taken away" in each[1]]


def test_asvs_6_4_4_nothing_changes_before_the_time_is_over(site: GatehouseTester) -> None:
    begin(site)
    site.clock.move(DAY - timedelta(seconds=1))
    assert not upkeep(site)
    assert len(rows(site, Factor)) == 2
    assert sign_in(site.client()).location.startswith("/second-step/")
    site.clock.move(timedelta(seconds=1))
    upkeep(site)
    assert rows(site, Factor) == []
    assert rows(site, FactorReset) == []
    client = site.client()
    assert sign_in(client).location == "/admin/"
    assert who(client) == "alice"
    assert [len(events(site, f"mfa.reset_{step}")) for step in ("asked", "done")] == [1, 1]


def test_asvs_6_4_4_it_signs_out_everywhere(site: GatehouseTester) -> None:
    client = site.client()
    site.sign_in(client, whose(site), methods=("password", "totp"), remember=True)
    begin(site)
    for _ in range(48):
        site.clock.move(timedelta(minutes=30))
        assert who(client) == "alice"
    upkeep(site)
    assert who(client) == "nobody"
    assert rows(site, Session) == []


def test_asvs_6_4_4_all_proven_addresses_hear_of_it_at_once(file_site: GatehouseTester) -> None:
    site = file_site
    with site.work() as work:
        user = users.named(work.db, "alice")
        addresses.prove(work, user=user, address="alice@example.org")
        addresses.claim(work, user=user, address="second@example.org", proven=True)
        addresses.claim(work, user=user, address="unproven@example.org", proven=False)
    begin(site)
    about = "Your second steps at Gatehouse"
    soon = [(to, f"{about} are about to be taken away") for to in PROVEN]
    assert sorted(subjects(site)) == soon
    body = site.mails()[-1].get_body(("plain",))
    assert body is not None
    assert "2026-06-16 12:01 UTC" in body.get_content()
    site.clock.move(DAY)
    upkeep(site)
    assert sorted(subjects(site)) == sorted(
        soon + [(to, f"{about} were taken away") for to in PROVEN]
    )


PROVEN = ("alice@example.org", "second@example.org")


def test_an_account_without_proven_addresses_hears_at_its_primary_one(
    file_site: GatehouseTester,
) -> None:
    begin(file_site)
    assert [to for to, _ in subjects(file_site)] == ["alice@example.org"]


def test_asvs_6_4_4_its_owner_stops_it(site: GatehouseTester) -> None:
    user = whose(site)
    client = site.client()
    site.sign_in(client, user, methods=("password", "totp"))
    begin(site)
    page = client.get("/account/factors/")
    assert "All of this is about to be taken away" in page.text
    assert "16 June 2026, 12:01 UTC" in page.text
    done = client.post("/account/factors/keep/", data={"csrf_token": token(page)})
    assert done.location == "/account/factors/"
    after = client.get("/account/factors/")
    assert "It is stopped" in after.text
    assert "about to be taken away" not in after.text
    site.clock.move(2 * DAY)
    upkeep(site)
    assert len(rows(site, Factor)) == 2
    assert events(site, "mfa.reset_stopped")


def test_stopping_what_does_not_wait_says_so(file_site: GatehouseTester) -> None:
    site = file_site
    client = site.client()
    site.sign_in(client, whose(site), methods=("password", "totp"))
    form = token(client.get("/account/factors/"))
    client.post("/account/factors/keep/", data={"csrf_token": form})
    assert "Nothing waits here" in client.get("/account/factors/").text


def test_asvs_6_4_4_a_password_alone_does_not_stop_it(file_site: GatehouseTester) -> None:
    site = file_site
    begin(site)
    client = site.client()
    sign_in(client)
    page = client.post("/account/factors/keep/", data={"csrf_token": token(client.get(CODE))})
    assert page.location.startswith("/login/")
    assert len(rows(site, FactorReset)) == 1


def test_who_signs_in_when_it_is_due_need_not_wait_for_the_upkeep(site: GatehouseTester) -> None:
    begin(site)
    site.clock.move(DAY)
    client = site.client()
    assert sign_in(client).location == "/admin/"
    assert who(client) == "alice"
    assert rows(site, Factor) == []
    assert len(rows(site, Session)) == 1
    assert not upkeep(site)
    assert who(client) == "alice"


def test_where_one_is_required_it_is_set_up_again_on_the_way_in(
    make_site: MakeSite, sqlite_url: str
) -> None:
    required = {"GATEHOUSE_MFA_EVERYONE": "required", "GATEHOUSE_MFA_GRACE": "0s"}
    site = peopled(GatehouseTester(make_site(sqlite_url, **PATIENT, **required)))
    begin(site)
    site.clock.move(DAY)
    assert sign_in(site.client()).location.startswith("/second-step/set-up/")


def test_whoever_confirms_when_it_is_due_is_asked_as_before(file_site: GatehouseTester) -> None:
    site = file_site
    client = site.client()
    site.sign_in(client, whose(site), methods=("password", "totp"), remember=True)
    client.delete_cookie("gatehouse")
    begin(site)
    site.clock.move(DAY)
    confirmed = send(client, "/confirm/", password="seven quiet herons")
    assert confirmed.location.startswith("/second-step/")
    assert len(rows(site, Factor)) == 2


def test_asking_again_does_not_move_the_time(site: GatehouseTester) -> None:
    begin(site)
    (row,) = rows(site, FactorReset)
    site.clock.move(timedelta(hours=5))
    with pytest.raises(ResetWaits):
        begin(site)
    assert rows(site, FactorReset)[0].due_at == row.due_at
    assert len(subjects(site)) == 1


def test_there_must_be_something_to_take_away(file_site: GatehouseTester) -> None:
    with pytest.raises(NothingToReset):
        begin(file_site, "keeper")


def at_once(jobs: list[Callable[[], Any]]) -> list[Any]:
    gate = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        gate.wait(timeout=60)
        try:
            return job()
        except NoReset:
            return "too late"

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.mark.parametrize("round_", range(4))
def test_of_stopping_and_carrying_out_one_happens(site: GatehouseTester, round_: int) -> None:
    del round_
    begin(site)
    site.clock.move(DAY)
    user_id = whose(site).id

    def stop() -> str:
        with site.work() as work:
            resetting.stop(work, user_id=user_id)
        return "kept"

    def carry_out() -> str:
        with site.work() as work:
            return "taken" if resetting.carry_out(work, user_id=user_id) else "too late"

    told = at_once([stop, carry_out, carry_out, stop])
    assert told.count("too late") == 3
    assert (len(rows(site, Factor)) == 0) == ("taken" in told)
    assert rows(site, FactorReset) == []
    assert len(events(site, "mfa.reset_done")) + len(events(site, "mfa.reset_stopped")) == 1


# On the command line


def command(site: GatehouseTester, *args: str) -> Any:
    return site.app.test_cli_runner().invoke(args=["gatehouse", "mfa", *args])


def test_the_command_asks_shows_and_takes_back(file_site: GatehouseTester) -> None:
    site = file_site
    assert command(site, "reset", "alice").output == (
        "The factors of alice are taken away at 2026-06-16 12:01 UTC.\n"
    )
    assert "taken away: 2026-06-16 12:01 UTC" in command(site, "show", "alice").output
    again = command(site, "reset", "alice")
    assert again.exit_code == 1
    assert command(site, "keep", "alice").output == "alice keeps all factors.\n"
    assert "taken away" not in command(site, "show", "alice").output
    assert command(site, "keep", "alice").exit_code == 1
    assert command(site, "reset", "keeper").exit_code == 1


def test_the_waiting_time_is_a_setting(make_site: MakeSite, sqlite_url: str) -> None:
    site = peopled(
        GatehouseTester(make_site(sqlite_url, **PATIENT, GATEHOUSE_MFA_RESET_AFTER="2h"))
    )
    begin(site)
    site.clock.move(timedelta(hours=2))
    upkeep(site)
    assert rows(site, Factor) == []


# In the console


def administrator(site: GatehouseTester) -> FlaskClient:
    client = site.client()
    site.sign_in(client, whose(site, "keeper"), methods=("password",))
    return client


def test_an_administrator_finds_asks_and_takes_back(site: GatehouseTester) -> None:
    client = administrator(site)
    found = client.get(PAGE, query_string={"q": "alice@example.org"})
    assert "Authenticator app, since" in found.text
    fields = {"csrf_token": token(found), "name": "alice"}
    asked = client.post(f"{PAGE}reset/", data=fields)
    assert asked.location == f"{PAGE}?q=alice"
    (row,) = rows(site, FactorReset)
    assert row.asked_by == whose(site, "keeper").id
    shown_page = client.get(asked.location)
    assert "16 June 2026, 12:01 UTC" in shown_page.text
    kept = client.post(f"{PAGE}keep/", data=fields)
    assert "It is stopped" in client.get(kept.location).text
    assert rows(site, FactorReset) == []
    again = client.post(f"{PAGE}keep/", data=fields)
    assert "Nothing waits here" in client.get(again.location).text


def test_nobody_takes_their_own_away(file_site: GatehouseTester) -> None:
    site = file_site
    seed = with_app(site, "keeper")
    client = enter(site, seed, "keeper")
    page = client.get(PAGE, query_string={"q": "keeper"})
    assert "This is you" in page.text
    assert "Have it taken away" not in page.text
    answered = client.post(f"{PAGE}reset/", data={"csrf_token": token(page), "name": "keeper"})
    assert "Your own are not taken away here" in client.get(answered.location).text
    assert rows(site, FactorReset) == []
    user = whose(site, "keeper")
    with pytest.raises(OwnReset), site.work() as work:
        resetting.ask(work, user=user, by=user)


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}reset/", f"{PAGE}keep/"])
def test_adm_the_page_is_for_administrators_who_proved_all_they_have_lately(
    file_site: GatehouseTester, path: str
) -> None:
    site = file_site
    method = "GET" if path == PAGE else "POST"

    def opened(client: FlaskClient) -> Any:
        fields = {"csrf_token": token(client.get("/account/")), "name": "alice"}
        return client.open(path, method=method, data=None if method == "GET" else fields)

    member = site.client()
    site.sign_in(member, whose(site), methods=("password", "totp"))
    assert opened(member).status_code == 403
    lately = administrator(site)
    assert opened(lately).status_code in {200, 303}
    site.clock.move(timedelta(minutes=16))
    assert "/confirm/" in opened(lately).location
    # A new factor is asked for as well, however lately the password was proven.
    with_app(site, "keeper")
    site.clock.move(-timedelta(minutes=1))
    once = site.client()
    site.sign_in(once, whose(site, "keeper"), methods=("password", "totp"))
    assert opened(once).status_code in {200, 303}


def test_nobody_there_is_said_plainly(file_site: GatehouseTester) -> None:
    client = administrator(file_site)
    page = client.get(PAGE, query_string={"q": "nobody-here"})
    assert "Nobody has this user name" in page.text
    fields = {"csrf_token": token(page), "name": "nobody-here"}
    for way in ("reset", "keep"):
        assert client.post(f"{PAGE}{way}/", data=fields).status_code == 303


def test_what_an_administrator_asked_who_is_erased_is_over(
    site: GatehouseTester,
) -> None:
    site.add_user("chief", admin=True)
    user, chief = whose(site), whose(site, "chief")
    with site.work() as work:
        resetting.ask(work, user=user, by=chief)
    with site.work() as work:
        users.erase(work, user_id=chief.id)
    assert rows(site, FactorReset) == []


# A mailbox and a password


def test_asvs_6_4_4_a_mailbox_and_a_password_take_no_factor_away(
    file_site: GatehouseTester,
) -> None:
    site = file_site
    client = site.client()
    send(client, "/recover/", username="alice")
    body = site.mails()[-1].get_body(("plain",))
    assert body is not None
    link = re.search(r"/recover/[\w-]{43}/", body.get_content())
    assert link is not None
    client.get(link[0])
    send(client, "/recover/new/", password="nine loud kettles")
    assert sign_in(client, password="nine loud kettles").location.startswith("/second-step/")
    kept = {(row.public_id, row.method) for row in rows(site, Factor)}
    form = token(client.get(CODE))
    with site.work() as work:
        alice = users.named(work.db, "alice")
        ids = [each.public_id for each in mfa.of(work.db, user_id=alice.id)]
    for route in walk.routes(site.app, value=ids[0]):
        for method in UNSAFE:
            fields = {
                "csrf_token": form,
                "name": "alice",
                "code": "",
                "password": "x",
                "trust": "y",
            }
            if route.path in {"/logout/", "/login/"}:
                continue
            page = ask(client, route.path, method, data=fields)
            assert page.status_code < 500, route
    assert {(row.public_id, row.method) for row in rows(site, Factor)} == kept
    assert rows(site, FactorReset) == []
    assert rows(site, Session) == []
