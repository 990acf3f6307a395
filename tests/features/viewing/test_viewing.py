"""Seeing the site as another person: who may, what they can do, and how it ends."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.roles.models import RolePermission
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.belongings import Belongings
from flask_gatehouse.features.viewing.models import Viewing
from flask_gatehouse.features.viewing.parts import Closing
from flask_gatehouse.testing import GatehouseTester
from tests.features.viewing.stories import (
    ASIDE,
    END,
    REASON,
    TWO,
    at_work,
    end,
    helper,
    look,
    looking,
    page,
)
from tests.forms import cookie, sign_in, token
from tests.security.walk import count, events, rows, snapshot, suspend, who, with_cookies

MakeSite = Callable[..., Flask]


def test_whoever_looks_sees_what_the_person_sees_and_every_page_says_so(
    site: GatehouseTester,
) -> None:
    client, _, _ = looking(site)
    assert who(client) == "alice"
    for path in ("/", "/account/", "/account/devices/", "/admin/"):
        shown = client.get(path)
        assert "You see this site as" in shown.text, path
        assert ">alice</strong>" in shown.text, path


def test_ending_it_brings_the_own_session_back_under_a_new_handle(site: GatehouseTester) -> None:
    alice, chief = site.add_user("alice"), helper(site, admin=True)
    client = at_work(site, chief)
    before = cookie(client)
    look(client, alice)
    during = cookie(client)
    over = end(client)
    assert (over.status_code, over.location) == (303, f"/admin/people/{alice.id}/")
    assert client.get(over.location).status_code == 200
    assert who(client) == "helper"
    assert cookie(client) not in {before, during}
    assert cookie(client, ASIDE) is None
    for dead in (before, during):
        assert who(with_cookies(site, gatehouse=dead)) == "nobody"
    assert client.get(page(alice)).status_code == 200
    assert count(site, Viewing) == 0


def test_adm_07_it_does_not_make_whoever_looked_fresh(site: GatehouseTester) -> None:
    client, _, alice = looking(site)
    site.clock.move(timedelta(minutes=4))
    assert client.get("/account/").status_code == 200
    site.clock.move(timedelta(minutes=2))
    end(client)
    assert who(client) == "helper"
    assert client.get(page(alice)).location.startswith("/confirm/")


# Who may


def test_what_nobody_declares_any_more_does_not_keep_a_view_open(site: GatehouseTester) -> None:
    client, viewer, alice = looking(site, admin=False)
    with site.work() as work:
        role = roles.make(work, name="old")
        work.db.add(RolePermission(role_id=role.id, permission="reports.of_before"))
        roles.grant(work, user=viewer, role="old")
    assert who(client) == "alice"
    with site.work() as work:
        # As much as whoever looks, but for what allows nothing.
        roles.grant(work, user=alice, role="role-helper")
    assert who(client) != "alice"


def test_adm_07_without_the_permission_nobody_looks(site: GatehouseTester) -> None:
    alice = site.add_user("alice")
    clerk = helper(site, "clerk", permissions=("people.read",))
    client = at_work(site, clerk)
    assert client.get(page(alice)).status_code == 403
    sent = client.post(
        page(alice), data={"csrf_token": token(client.get("/account/password/")), "reason": REASON}
    )
    assert sent.status_code == 403
    assert count(site, Viewing) == 0


@pytest.mark.parametrize(
    "whom", ["an administrator", "an equal", "somebody with another right", "oneself"]
)
def test_adm_07_nobody_looks_as_somebody_who_may_as_much_or_something_else(
    site: GatehouseTester, whom: str
) -> None:
    viewer = helper(site)
    others = {
        "an administrator": lambda: site.add_user("chief", admin=True),
        "an equal": lambda: helper(site, "equal"),
        "somebody with another right": lambda: helper(site, "clerk", permissions=("roles.edit",)),
        "oneself": lambda: viewer,
    }
    other = others[whom]()
    client = at_work(site, viewer)
    before = snapshot(site)
    assert client.get(page(other)).status_code == 403
    sent = client.post(
        page(other), data={"csrf_token": token(client.get("/account/password/")), "reason": REASON}
    )
    assert sent.status_code == 403
    assert snapshot(site) == before


def test_adm_07_no_administrator_looks_as_another(site: GatehouseTester) -> None:
    other = site.add_user("chief", admin=True)
    client = at_work(site, helper(site, admin=True))
    assert client.get(page(other)).status_code == 403


def test_adm_07_whoever_proved_one_factor_is_led_to_a_second_one(site: GatehouseTester) -> None:
    alice, chief = site.add_user("alice"), helper(site, admin=True)
    client = site.client()
    site.sign_in(client, chief, methods=("password",))
    answer = client.get(page(alice))
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/account/factors/")
    sent = client.post(
        page(alice), data={"csrf_token": token(client.get("/account/password/")), "reason": REASON}
    )
    assert sent.status_code == 303
    assert count(site, Viewing) == 0


def test_adm_07_a_proof_of_long_ago_is_asked_for_again(site: GatehouseTester) -> None:
    alice, chief = site.add_user("alice"), helper(site, admin=True)
    client = at_work(site, chief)
    site.clock.move(timedelta(minutes=6))
    assert client.get(page(alice)).location.startswith("/confirm/")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "two\nlines", "\u202eback"])
def test_a_reason_is_asked_for(site: GatehouseTester, reason: str) -> None:
    alice, chief = site.add_user("alice"), helper(site, admin=True)
    client = at_work(site, chief)
    before = snapshot(site)
    answer = look(client, alice, reason)
    assert answer.status_code == 422
    assert "Say why" in answer.text
    assert snapshot(site) == before
    assert who(client) == "helper"


def test_an_account_that_is_not_in_use_shows_nothing(site: GatehouseTester) -> None:
    alice, chief = site.add_user("alice"), helper(site, admin=True)
    suspend(site, "alice")
    client = at_work(site, chief)
    answer = client.get(page(alice), follow_redirects=True)
    assert "This account is not in use" in answer.text
    assert count(site, Viewing) == 0


@pytest.mark.parametrize(
    "name", ["x", "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}"]
)
def test_an_id_of_nobody_is_not_there(site: GatehouseTester, name: str) -> None:
    client = at_work(site, helper(site, admin=True))
    assert client.get(f"/admin/people/{name}/view/").status_code == 404


# How it ends by itself


def suspend_target(site: GatehouseTester) -> None:
    suspend(site, "alice")


def suspend_viewer(site: GatehouseTester) -> None:
    suspend(site, "helper")


def end_sessions_of_viewer(site: GatehouseTester) -> None:
    with site.work() as work:
        sessions.end_all(work, user_id=users.named(work.db, "helper").id)


def end_sessions_of_target(site: GatehouseTester) -> None:
    with site.work() as work:
        sessions.end_all(work, user_id=users.named(work.db, "alice").id)


def take_the_role_away(site: GatehouseTester) -> None:
    with site.work() as work:
        roles.revoke(work, user=users.named(work.db, "helper"), role="role-helper")


def take_the_permission_out_of_the_role(site: GatehouseTester) -> None:
    with site.work() as work:
        roles.change(work, name="role-helper", about="", permissions=["people.read"])


def promote_target(site: GatehouseTester) -> None:
    with site.work() as work:
        users.make_administrator(work, user=users.named(work.db, "alice"))


def delete_session_of_viewer(site: GatehouseTester) -> None:
    with site.work() as work:
        found = [row for row in work.db.query(Session) if row.actor_id is None]
        for row in found:
            work.db.delete(row)


@pytest.mark.parametrize(
    "happens",
    [
        suspend_target,
        suspend_viewer,
        end_sessions_of_viewer,
        end_sessions_of_target,
        take_the_role_away,
        take_the_permission_out_of_the_role,
        promote_target,
        delete_session_of_viewer,
    ],
)
def test_adm_07_it_is_over_at_the_next_request_when(site: GatehouseTester, happens: object) -> None:
    client, _, _ = looking(site, admin=False)
    assert who(client) == "alice"
    assert callable(happens)
    happens(site)
    assert who(client) == "nobody"


def test_adm_07_it_is_over_when_an_administrator_is_none_any_more(site: GatehouseTester) -> None:
    site.add_user("chief", admin=True)
    client, _, _ = looking(site, admin=True)
    with site.work() as work:
        users.unmake_administrator(work, user=users.named(work.db, "helper"))
    assert who(client) == "nobody"


def test_adm_07_it_is_over_after_its_time_whatever_happens_in_it(site: GatehouseTester) -> None:
    client, _, _ = looking(site)
    for _ in range(7):
        site.clock.move(timedelta(minutes=4))
        assert who(client) == "alice"
    site.clock.move(timedelta(minutes=2))
    assert who(client) == "nobody"
    shown = client.get("/login/")
    assert "You do not see this site as somebody else any more." in shown.text


def test_adm_07_it_is_over_after_five_minutes_without_use(site: GatehouseTester) -> None:
    client, _, _ = looking(site)
    site.clock.move(timedelta(minutes=5))
    assert who(client) == "nobody"


def test_whoever_looked_comes_back_after_it_was_over_by_itself(site: GatehouseTester) -> None:
    client, _, _ = looking(site)
    site.clock.move(timedelta(minutes=31))
    assert who(client) == "nobody"
    back = client.post(END, data={"csrf_token": token(client.get("/login/"))})
    assert back.status_code == 303
    assert who(client) == "helper"
    (ended,) = events(site, "viewing.ended")
    assert ended.facts["how"] == "ended"


def test_adm_07_the_person_ends_it_on_the_page_of_their_devices(site: GatehouseTester) -> None:
    client, viewer, alice = looking(site)
    own = site.client(alice)
    shown = own.get("/account/devices/")
    assert "Sees the site as you" in shown.text
    assert "Whoever runs this site" in shown.text
    own.post("/account/devices/end-others/", data={"csrf_token": token(shown)})
    assert who(client) == "nobody"
    assert who(own) == "alice"
    # The own session of whoever looked is theirs to end.
    assert [row.user_id for row in rows(site, Session)].count(viewer.id) == 1


# Cookies


def test_adm_07_neither_cookie_alone_leads_to_the_session_that_waits(
    site: GatehouseTester,
) -> None:
    client, _, _ = looking(site)
    view, aside = cookie(client), cookie(client, ASIDE)
    assert who(with_cookies(site, gatehouse=view)) == "alice"
    assert who(with_cookies(site, gatehouse=aside)) == "nobody"
    assert who(with_cookies(site, gatehouse_aside=aside)) == "nobody"
    assert who(with_cookies(site, gatehouse_remember=aside)) == "nobody"
    for held in ({"gatehouse": view}, {"gatehouse_aside": aside}, {"gatehouse": aside}):
        thief = with_cookies(site, **held)
        seen = thief.get("/account/" if "gatehouse" in held else "/login/", follow_redirects=True)
        thief.post(END, data={"csrf_token": token(seen)})
        assert who(thief) in {"nobody", "alice"}
    end(client)
    assert who(client) == "helper"
    for held in (
        {"gatehouse": view},
        {"gatehouse_aside": aside},
        {"gatehouse": view, "gatehouse_aside": aside},
    ):
        thief = with_cookies(site, **held)
        assert who(thief) == "nobody"
        thief.post(END, data={"csrf_token": token(thief.get("/login/"))})
        assert who(thief) == "nobody"


def test_adm_07_a_view_is_taken_for_no_session_of_ones_own(site: GatehouseTester) -> None:
    client, _, _ = looking(site)
    view = cookie(client)
    assert view is not None
    renamed = view.replace("gh1v", "gh1s")
    assert who(with_cookies(site, gatehouse=renamed)) == "nobody"


def test_adm_07_when_it_is_over_a_browser_that_remembers_is_not_taken_for_the_own(
    site: GatehouseTester,
) -> None:
    alice, chief = site.add_user("alice"), helper(site, admin=True)
    client = site.client()
    site.sign_in(client, chief, methods=TWO, remember=True)
    look(client, alice)
    site.clock.move(timedelta(minutes=31))
    assert who(client) == "nobody"


def test_adm_07_the_handle_of_a_view_opens_nothing_as_a_remembered_one(
    site: GatehouseTester,
) -> None:
    client, _, alice = looking(site)
    own = site.client()
    assert sign_in(own, "alice").status_code == 303
    copied = with_cookies(site, gatehouse_remember=cookie(client))
    assert who(copied) == "nobody"
    theirs = [row for row in rows(site, Session) if row.user_id == alice.id]
    (device,) = (row.sign_in_id for row in theirs if row.actor_id is None)
    form = {"csrf_token": token(copied.get("/login/")), "name": "mine"}
    refused = copied.post(f"/account/devices/{device}/name/", data=form)
    assert refused.location.startswith("/login/")
    assert {row.device_name for row in rows(site, Session)} == {None}
    assert who(client) == "alice"


def test_logging_out_ends_both(site: GatehouseTester) -> None:
    client, _, _ = looking(site)
    shown = client.get("/account/")
    out = client.post("/logout/", data={"csrf_token": token(shown)})
    assert out.status_code == 303
    assert who(client) == "nobody"
    assert count(site, Session) == 0
    assert cookie(client, ASIDE) is None
    (ended,) = events(site, "login.ended")
    with site.work() as work:
        assert ended.user_id == users.named(work.db, "helper").id


def test_a_new_sign_in_in_the_same_browser_ends_what_was_left(site: GatehouseTester) -> None:
    client, _, _ = looking(site)
    site.clock.move(timedelta(minutes=31))
    sign_in(client, "alice")
    assert who(client) == "alice"
    assert cookie(client, ASIDE) is None
    assert count(site, Session) == 1


# What it leaves alone


def test_the_person_is_neither_signed_in_nor_pushed_out_by_it(
    make_site: object, database_url: str
) -> None:
    assert callable(make_site)
    site = GatehouseTester(make_site(database_url, GATEHOUSE_SESSIONS_PER_USER=1))
    alice = site.add_user("alice", email="alice@example.org")
    own = site.client(alice)
    client = at_work(site, helper(site, admin=True))
    mails = len(site.mails())
    with site.work() as work:
        signed_in = users.named(work.db, "alice").signed_in_at
    look(client, alice)
    assert who(own) == "alice"
    assert who(client) == "alice"
    sent = site.mails()[mails:]
    assert [mail["Subject"] for mail in sent] == ["Somebody looked at Gatehouse as you"]
    again = site.client(alice)
    assert who(again) == "alice"
    assert who(client) == "alice"
    with site.work() as work:
        assert users.named(work.db, "alice").signed_in_at == signed_in
    assert count(site, Viewing) == 1
    assert cookie(client, "gatehouse_remember") is None


def test_no_letter_where_the_settings_say_so(make_site: object, database_url: str) -> None:
    assert callable(make_site)
    site = GatehouseTester(make_site(database_url, GATEHOUSE_VIEWING_LETTER=False))
    looking(site)
    assert site.mails() == []


# The record


def test_log_both_are_in_each_row_that_is_written_meanwhile(site: GatehouseTester) -> None:
    client, viewer, alice = looking(site)
    client.get("/confirm/")
    end(client)
    (begun,), (ended,), (refused,) = (
        events(site, name) for name in ("viewing.begun", "viewing.ended", "web.refused")
    )
    assert (begun.user_id, begun.actor_id, begun.facts["reason"]) == (alice.id, viewer.id, REASON)
    assert (ended.user_id, ended.actor_id, ended.facts["how"]) == (alice.id, viewer.id, "ended")
    assert ended.facts["reason"] == REASON
    assert (refused.user_id, refused.actor_id) == (viewer.id, viewer.id)
    assert refused.facts["code"] == "web.only_looking"
    for row in (ended, refused):
        assert row.facts["viewing_as"] == str(alice.id)
    assert begun.facts["view"] == ended.facts["view"] == refused.session_id


def test_the_person_reads_it_and_not_from_where(site: GatehouseTester) -> None:
    _, _, alice = looking(site)
    shown = site.client(alice).get("/account/activity/").text
    row = shown[shown.index("An administrator looked at the site as you.") :]
    row = row[: row.index("</tr>")]
    assert "127.0.0.1" not in row
    assert "Whoever runs this site" in row


def test_the_end_of_what_is_over_by_itself_is_written_down_once(site: GatehouseTester) -> None:
    looking(site)
    works = site.app.extensions["gatehouse"].works
    chore = Closing(works.house)
    assert chore.do(works) is False
    assert count(site, Viewing) == 1
    site.clock.move(timedelta(minutes=6))
    chore.do(works)
    chore.do(works)
    (ended,) = events(site, "viewing.ended")
    assert (ended.channel, ended.facts["how"]) == ("worker", "over")
    assert count(site, Viewing) == 0


def test_whose_account_is_erased_neither_looks_nor_is_looked_at(site: GatehouseTester) -> None:
    client, _, alice = looking(site)
    with site.work() as work:
        users.erase(work, user_id=alice.id)
    assert who(client) == "nobody"
    (ended,) = events(site, "viewing.ended")
    assert (ended.facts["how"], ended.facts["reason"]) == ("erased", "")


def test_the_sessions_of_the_person_are_listed_with_what_they_are(site: GatehouseTester) -> None:
    looking(site)
    words = ["gatehouse", "sessions", "list", "--user", "alice", "--json"]
    told = site.app.test_cli_runner().invoke(args=words).output
    assert '"kind": "view"' in told


def test_the_copy_of_ones_data_tells_that_somebody_looks_and_not_from_where(
    site: GatehouseTester,
) -> None:
    _, _, alice = looking(site)
    with site.work() as work:
        told = {
            each.name: each.tell(work.db, alice.id)
            for each in work.house.plugs(Belongings)
            if each.name in {"viewing", "sessions"}
        }
    assert told["sessions"] == []
    assert "'by_you': False" in str(told["viewing"])


# The command line


def command(site: GatehouseTester, *args: str) -> tuple[int, str]:
    done = site.app.test_cli_runner().invoke(args=["gatehouse", "viewing", *args])
    return done.exit_code, done.output


def test_the_command_lists_and_ends_views(site: GatehouseTester) -> None:
    client, _, _ = looking(site)
    status, said = command(site, "list")
    assert status == 0
    assert "helper as alice" in said
    assert REASON in said
    assert '"viewer": "helper"' in command(site, "list", "--json")[1]
    assert command(site, "end")[0] == 2
    assert command(site, "end", "--user", "nobody")[0] == 1
    assert command(site, "end", "--user", "helper") == (0, "Ended 1.\n")
    assert who(client) == "nobody"
    assert command(site, "list") == (0, "")
    assert command(site, "end", "--all") == (0, "Ended 0.\n")
    (ended,) = events(site, "viewing.ended")
    assert (ended.actor_id, ended.facts["how"]) == (None, "stopped")


# From where, and for how long


def test_adm_07_it_is_over_where_the_console_is_not_entered(
    make_site: MakeSite, database_url: str
) -> None:
    site = GatehouseTester(make_site(database_url, GATEHOUSE_ADMIN_NETWORKS="127.0.0.0/8"))
    client, _, _ = looking(site)
    assert who(client) == "alice"
    client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    for _ in range(3):
        site.clock.move(timedelta(minutes=2))
        assert who(client) == "nobody"
    # Whoever asks from elsewhere does not keep it open either.
    client.environ_base["REMOTE_ADDR"] = "127.0.0.1"
    assert who(client) == "nobody"


def test_adm_07_it_is_over_with_the_time_of_the_role(site: GatehouseTester) -> None:
    client, viewer, _ = looking(site, admin=False)
    with site.work() as work:
        soon = work.now + timedelta(minutes=2)
        roles.grant(work, user=viewer, role="role-helper", until=soon)
    site.clock.move(timedelta(minutes=1))
    assert who(client) == "alice"
    site.clock.move(timedelta(minutes=1))
    assert who(client) == "nobody"


def test_adm_07_what_was_refused_once_is_over_after_five_minutes(site: GatehouseTester) -> None:
    client, viewer, _ = looking(site, admin=False)
    take_the_role_away(site)
    for _ in range(3):
        assert who(client) == "nobody"
        site.clock.move(timedelta(minutes=2))
    with site.work() as work:
        roles.grant(work, user=viewer, role="role-helper")
    assert who(client) == "nobody"
