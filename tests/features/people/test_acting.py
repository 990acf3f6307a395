"""What may be done to somebody else, by whom, over HTTP."""

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.features.audit import reading
from flask_gatehouse.features.people import rules
from flask_gatehouse.features.people import service as people
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.lifting import Lifting
from flask_gatehouse.features.users.models import Identifier, User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.conftest import MakeSite

SUPPORT = (
    "people.read",
    "people.create",
    "people.edit",
    "people.suspend",
    "people.recover",
    "roles.grant",
)


@pytest.fixture
def staffed(site: GatehouseTester) -> GatehouseTester:
    """Return a site with two administrators, somebody of support, and a member."""
    for name, admin in (("chief", True), ("second", True), ("helper", False), ("alice", False)):
        site.add_user(name, email=f"{name}@example.org", admin=admin)
    with site.work() as work:
        roles.make(work, name="support", permissions=SUPPORT)
        roles.make(work, name="removers", permissions=(*SUPPORT, "people.delete"))
        roles.grant(work, user=users.named(work.db, "helper"), role="support")
    return site


def of(site: GatehouseTester, name: str) -> User:
    with site.work() as work, work.reading() as db:
        return users.named(db, name)


def as_(site: GatehouseTester, name: str) -> FlaskClient:
    client = site.client()
    assert forms.sign_in(client, name).status_code == 303
    return client


def post(client: FlaskClient, user: User, path: str, **fields: Any) -> TestResponse:
    token = forms.token(client.get("/account/password/"))
    return client.post(f"/admin/people/{user.id}/{path}/", data={"csrf_token": token, **fields})


def said(site: GatehouseTester, page: TestResponse, client: FlaskClient) -> str:
    assert page.status_code == 303, (page.status, page.text[:300])
    return client.get(page.location).text


def test_a_suspension_has_a_reason_and_an_end_and_a_letter_without_the_reason(
    staffed: GatehouseTester,
) -> None:
    alice, client = of(staffed, "alice"), as_(staffed, "helper")
    own = as_(staffed, "alice")
    page = post(client, alice, "suspend", reason="The invoice of May", until="2026-06-17")
    shown = said(staffed, page, client)
    assert "The invoice of May" in shown
    assert own.get("/account/").status_code == 302
    letter = staffed.mails()[-1]
    assert letter["To"] == "alice@example.org"
    assert "suspended" in letter["Subject"]
    assert "2026-06-17 00:00 UTC" in letter.as_string()
    assert "invoice" not in letter.as_string()
    assert forms.sign_in(staffed.client(), "alice").status_code == 401
    staffed.clock.move(timedelta(days=2))
    assert forms.sign_in(staffed.client(), "alice").status_code == 303
    again = of(staffed, "alice")
    assert (again.active, again.suspended_until, again.suspended_reason) == (True, None, None)


def test_a_suspension_that_is_over_is_lifted_by_itself_and_another_one_is_not(
    staffed: GatehouseTester,
) -> None:
    with staffed.work() as work:
        for name in ("alice", "helper"):
            user = users.named(work.db, name)
            people.suspend(work, user_id=user.id, until=work.now + timedelta(hours=1), by=None)
    staffed.clock.move(timedelta(hours=2))
    with staffed.work() as work:
        # Suspended anew, before anybody has lifted the first: this one has no end.
        people.suspend(work, user_id=of(staffed, "helper").id, reason="again", by=None)
    works = staffed.app.extensions["gatehouse"].works
    assert not Lifting(works.house).do(works)
    assert of(staffed, "alice").active
    assert not of(staffed, "helper").active
    assert forms.sign_in(staffed.client(), "helper").status_code == 401


@pytest.mark.parametrize("until", ["2026-06-15", "2020-01-01", "soon", "2026-13-01"])
def test_a_suspension_that_cannot_be_changes_nothing(staffed: GatehouseTester, until: str) -> None:
    alice, client = of(staffed, "alice"), as_(staffed, "chief")
    page = post(client, alice, "suspend", until=until)
    assert "suspended" not in said(staffed, page, client).lower().split("<main")[0]
    assert of(staffed, "alice").active


def test_people_are_restored_signed_out_and_written_to(staffed: GatehouseTester) -> None:
    alice, client = of(staffed, "alice"), as_(staffed, "helper")
    own = as_(staffed, "alice")
    said(staffed, post(client, alice, "sessions/end"), client)
    assert own.get("/account/").status_code == 302
    page = said(staffed, post(client, alice, "recover"), client)
    secret = staffed.mails()[-1].as_string().split("/recover/")[1][:43]
    assert secret not in page
    post(client, alice, "suspend")
    assert not of(staffed, "alice").active
    post(client, alice, "restore")
    assert of(staffed, "alice").active
    letter = staffed.mails()[-1]
    assert (letter["To"], letter["Subject"]) == (
        "alice@example.org",
        "Your account at Gatehouse can be used again",
    )
    assert forms.sign_in(staffed.client(), "alice").status_code == 303
    before = len(staffed.mails())
    assert "nothing to restore" in said(staffed, post(client, alice, "restore"), client)
    assert len(staffed.mails()) == before


def test_one_sign_in_is_ended_and_nobody_elses(staffed: GatehouseTester) -> None:
    alice, client = of(staffed, "alice"), as_(staffed, "chief")
    one, other, second = as_(staffed, "alice"), as_(staffed, "alice"), as_(staffed, "second")
    page = client.get(f"/admin/people/{of(staffed, 'second').id}/").text
    theirs = page.split("/sessions/")[1].split("/")[0]
    assert "over already" in said(staffed, post(client, alice, f"sessions/{theirs}/end"), client)
    assert second.get("/account/").status_code == 200
    page = client.get(f"/admin/people/{alice.id}/").text
    mine = page.split("/sessions/")[1].split("/")[0]
    post(client, alice, f"sessions/{mine}/end")
    left = sorted(each.get("/account/").status_code for each in (one, other))
    assert left == [200, 302]


def test_somebody_new_gets_a_letter_and_nobody_else_the_link(staffed: GatehouseTester) -> None:
    client = as_(staffed, "helper")
    page = forms.send(client, "/admin/people/new/", username="newbie", email="newbie@example.org")
    shown = said(staffed, page, client)
    assert "/invitation/" not in shown
    letter = staffed.mails()[-1]
    assert letter["To"] == "newbie@example.org"
    assert "/invitation/" in letter.as_string()
    again = forms.send(client, "/admin/people/new/", username="newbie", email="else@example.org")
    assert again.status_code == 422
    assert "Somebody has this user name already." in again.text


def test_names_addresses_and_roles_are_changed(staffed: GatehouseTester) -> None:
    alice, client = of(staffed, "alice"), as_(staffed, "chief")
    post(client, alice, "name", username="alicia")
    assert of(staffed, "alicia").id == alice.id
    post(client, alice, "addresses/add", address="new@example.org")
    assert staffed.mails()[-1]["To"] == "new@example.org"
    page = said(
        staffed, post(client, alice, "roles/give", role="support", until="2026-06-20"), client
    )
    assert "until" in page.split('id="roles"')[1].split("</section>")[0]
    post(client, alice, "roles/take", role="support")
    with staffed.work() as work, work.reading() as db:
        assert roles.given(db, user_id=alice.id, now=work.now) == []


def test_deleting_wants_the_name_typed(staffed: GatehouseTester) -> None:
    alice, client = of(staffed, "alice"), as_(staffed, "chief")
    page = post(client, alice, "delete", username="alicia", when="now")
    assert "not the user name" in said(staffed, page, client)
    page = post(client, alice, "delete", username="alice", when="later")
    assert "Leaving" in said(staffed, page, client)
    post(client, alice, "delete", username="alice", when="now")
    assert client.get(f"/admin/people/{alice.id}/").status_code == 404


def test_a_copy_of_somebodys_data_says_in_the_record_who_took_it(staffed: GatehouseTester) -> None:
    alice, client = of(staffed, "alice"), as_(staffed, "chief")
    page = post(client, alice, "copy")
    assert page.status_code == 200
    assert "alice@example.org" in page.text
    assert "argon2" not in page.text
    with staffed.work() as work, work.reading() as db:
        rows = reading.newest(db, reading.Wanted(event="people.copied"), limit=5)
    assert [row.user_id for row in rows] == [alice.id]
    assert rows[0].actor_id == of(staffed, "chief").id


#: Path and fields of everything that changes somebody.
EVERYTHING: tuple[tuple[str, dict[str, str]], ...] = (
    ("suspend", {}),
    ("restore", {}),
    ("sessions/end", {}),
    ("sessions/AAAAAAAAAAAAAAAAAAAAAA/end", {}),
    ("recover", {}),
    ("invite", {}),
    ("factors/reset", {}),
    ("factors/keep", {}),
    ("name", {"username": "mallory"}),
    ("addresses/add", {"address": "mallory@example.org"}),
    ("addresses/primary", {"address": "mallory@example.org"}),
    ("addresses/remove", {"address": "chief@example.org"}),
    ("roles/give", {"role": "support"}),
    ("roles/take", {"role": "support"}),
    ("promote", {}),
    ("demote", {}),
    ("delete", {"username": "chief", "when": "now"}),
    ("copy", {}),
)


@pytest.mark.parametrize(("path", "fields"), EVERYTHING)
@pytest.mark.parametrize("target", ["chief", "helper"])
def test_adm_03_support_changes_nothing_of_an_administrator_nor_of_itself(
    staffed: GatehouseTester, path: str, fields: dict[str, str], target: str
) -> None:
    client = as_(staffed, "helper")
    before = len(staffed.mails())
    user = of(staffed, target)
    page = post(client, user, path, **fields)
    assert page.status_code in {403, 303}
    if page.status_code == 303:
        assert target == "helper"
        assert path == "factors/reset"
    again = of(staffed, target)
    assert (again.epoch, again.active, again.is_admin, again.email) == (
        user.epoch,
        user.active,
        user.is_admin,
        user.email,
    )
    assert len(staffed.mails()) == before


def test_adm_03_support_hands_out_nothing_that_it_does_not_have(staffed: GatehouseTester) -> None:
    client = as_(staffed, "helper")
    alice = of(staffed, "alice")
    assert post(client, alice, "roles/give", role="removers").status_code == 403
    assert post(client, alice, "promote").status_code == 403
    fields = {"username": "newbie", "email": "newbie@example.org"}
    for more in ({"admin": "y"}, {"role": "removers"}):
        page = forms.send(client, "/admin/people/new/", **fields, **more)
        assert page.status_code == 403
    with staffed.work() as work, work.reading() as db:
        assert users.find(db, "newbie") is None
    assert "removers" not in str(given(staffed, alice))


def test_only_roles_that_one_may_hand_out_are_offered(staffed: GatehouseTester) -> None:
    alice = of(staffed, "alice")
    for who, names in (("helper", ["support"]), ("chief", ["removers", "support"])):
        client = as_(staffed, who)
        for path in ("", f"{alice.id}/", "new/"):
            page = client.get(f"/admin/people/{path}").text
            select_of = "role_for" if path == "" else "role"
            options = page.partition(f'<select class="gh-input" id="{select_of}"')[2]
            found = re.findall('value="([a-z]+)"', options.partition("</select>")[0])
            assert found == names, (who, path)


def given(site: GatehouseTester, user: User) -> list[roles.Given]:
    with site.work() as work, work.reading() as db:
        return roles.given(db, user_id=user.id, now=work.now)


def test_adm_02_fields_beside_those_of_the_form_change_nothing(staffed: GatehouseTester) -> None:
    client, alice = as_(staffed, "helper"), of(staffed, "alice")
    more = {
        "is_admin": "1",
        "admin": "1",
        "active": "0",
        "epoch": "9",
        "user_id": str(of(staffed, "chief").id),
        "password_hash": "x",
        "person": str(of(staffed, "chief").id),
    }
    post(client, alice, "name", username="alicia", **more)
    again = of(staffed, "alicia")
    assert (again.is_admin, again.active, again.epoch) == (False, True, alice.epoch)
    assert of(staffed, "chief").username == "chief"


@pytest.mark.parametrize(("path", "fields"), EVERYTHING)
def test_adm_08_a_stale_session_is_asked_again_before_any_change(
    staffed: GatehouseTester, path: str, fields: dict[str, str]
) -> None:
    client, alice = as_(staffed, "chief"), of(staffed, "alice")
    staffed.clock.move(timedelta(minutes=50))
    page = post(client, alice, path, **fields)
    assert page.status_code in {302, 303, 307}
    assert "/confirm/" in page.location
    again = of(staffed, "alice")
    assert (again.epoch, again.username) == (alice.epoch, alice.username)


AT_ONCE = ("new", "several/preview", "several/done", "several/export")


@pytest.mark.parametrize("path", AT_ONCE)
def test_adm_08_a_stale_session_makes_takes_and_changes_nothing_for_several(
    staffed: GatehouseTester, path: str
) -> None:
    client, alice = as_(staffed, "chief"), of(staffed, "alice")
    shown = several(client, action="suspend", id=[str(alice.id)])
    staffed.clock.move(timedelta(minutes=50))
    token = forms.token(client.get("/account/"))
    fields = {**hidden(shown), "username": "newbie", "email": "newbie@example.org"}
    sent = {**fields, "id": str(alice.id), "form": "csv", "csrf_token": token}
    page = client.post(f"/admin/people/{path}/", data=sent)
    assert page.status_code in {302, 303, 307}, path
    assert "/confirm/" in page.location
    with staffed.work() as work, work.reading() as db:
        assert users.find(db, "newbie") is None
    assert of(staffed, "alice").active


@pytest.mark.parametrize("path", AT_ONCE)
def test_asvs_8_3_1_what_is_not_offered_is_refused_when_it_is_called(
    staffed: GatehouseTester, path: str
) -> None:
    alice = of(staffed, "alice")
    shown = several(as_(staffed, "chief"), action="suspend", id=[str(alice.id)])
    with staffed.work() as work:
        roles.make(work, name="readers", permissions=("people.read",))
        roles.grant(work, user=users.named(work.db, "alice"), role="readers")
    client, letters = as_(staffed, "alice"), len(staffed.mails())
    helper = of(staffed, "helper")
    listed = client.get("/admin/people/").text
    for offered in ("several/preview/", "several/export/", "/admin/people/new/"):
        assert (offered in listed) is (offered == "several/preview/"), offered
    token = forms.token(client.get("/account/password/"))
    fields = {**hidden(shown), "username": "newbie", "email": "newbie@example.org"}
    sent = {**fields, "ids": str(helper.id), "id": str(helper.id), "csrf_token": token}
    page = client.post(f"/admin/people/{path}/", data={**sent, "action": "suspend"})
    if path == "several/preview":
        assert "1 would not" in page.text
        page = client.post(
            "/admin/people/several/done/", data={**hidden(page), "csrf_token": token}
        )
    assert page.status_code in {403, 303}
    assert of(staffed, "helper").active
    with staffed.work() as work, work.reading() as db:
        assert users.find(db, "newbie") is None
    assert len(staffed.mails()) == letters


def test_asvs_8_2_3_a_reader_changes_no_field_by_naming_it(staffed: GatehouseTester) -> None:
    """Every field of an account, sent to every address that takes some of them."""
    client, alice = as_(staffed, "helper"), of(staffed, "alice")
    columns = {column.key for column in User.__table__.columns}
    extra = {"is_admin": "1", "active": "0", "epoch": "9", "id": str(of(staffed, "chief").id)}
    assert extra.keys() <= columns
    everything = dict.fromkeys(columns, "1") | extra
    for path in ("addresses/add", "roles/give", "restore", "sessions/end"):
        post(client, alice, path, **everything)
    again = of(staffed, "alice")
    untouched = columns - {"epoch", "updated_at"}
    assert {name: getattr(again, name) for name in untouched} == {
        name: getattr(alice, name) for name in untouched
    }


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("proven", [True, False])
def test_the_reason_goes_to_nobody_but_a_confirmed_address_and_only_if_it_is_to_be_told(
    make_site: MakeSite, sqlite_url: str, *, tells: bool, proven: bool
) -> None:
    tester = GatehouseTester(make_site(sqlite_url, GATEHOUSE_PEOPLE_TELL_REASON=tells))
    alice = tester.add_user("alice", email="alice@example.org")
    with tester.work() as work:
        work.db.execute(update(Identifier).values(proven_at=work.now if proven else None))
        people.suspend(work, user_id=alice.id, reason="The invoice of May", by=None)
    letter = tester.mails()[-1].as_string()
    assert ("The invoice of May" in letter) is (tells and proven)


@pytest.mark.parametrize("who", ["member", "reader"])
def test_asvs_8_2_2_whoever_may_not_is_refused_whatever_the_address_says(
    staffed: GatehouseTester, who: str
) -> None:
    staffed.add_user(who)
    if who == "reader":
        with staffed.work() as work:
            roles.make(work, name="readers", permissions=("people.read",))
            roles.grant(work, user=users.named(work.db, who), role="readers")
    client, alice = as_(staffed, who), of(staffed, "alice")
    for path, fields in EVERYTHING:
        assert post(client, alice, path, **fields).status_code == 403, path
    assert client.get("/admin/people/new/").status_code == 403
    shown = client.get(f"/admin/people/{alice.id}/")
    assert shown.status_code == (200 if who == "reader" else 403)
    if who == "reader":
        assert 'method="post"' not in shown.text.split("<main")[1]


def test_the_last_administrator_stays_also_if_two_demote_each_other(
    staffed: GatehouseTester,
) -> None:
    chief, second = of(staffed, "chief"), of(staffed, "second")
    barrier, refused = threading.Barrier(2, timeout=20), []

    def demote(by: User, user: User) -> None:
        barrier.wait()
        try:
            with staffed.work() as work:
                people.demote(work, user_id=user.id, by=by)
        except Refusal as refusal:
            refused.append(refusal.code)

    threads = [
        threading.Thread(target=demote, args=(chief, second)),
        threading.Thread(target=demote, args=(second, chief)),
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert len(refused) == 1
    assert [of(staffed, "chief").is_admin, of(staffed, "second").is_admin].count(True) == 1


@pytest.mark.parametrize("name", ["A" * 43, "0", "chief", "%00", "{x}"])
def test_nobody_is_found_by_what_is_no_id(staffed: GatehouseTester, name: str) -> None:
    client = as_(staffed, "chief")
    assert client.get(f"/admin/people/{name}/").status_code == 404


def test_no_secret_is_on_the_page_of_a_person(staffed: GatehouseTester) -> None:
    client, alice = as_(staffed, "chief"), of(staffed, "alice")
    secrets = ["argon2", PASSWORD]
    for path in ("recover", "invite"):
        post(client, alice, path)
        where = "/recover/" if path == "recover" else "/invitation/"
        secrets.append(staffed.mails()[-1].as_string().split(where)[1][:43])
    page = client.get(f"/admin/people/{alice.id}/").text
    assert "recovery, " in page
    for secret in secrets:
        assert secret not in page


def test_the_record_of_a_person_is_for_whoever_may_read_it(staffed: GatehouseTester) -> None:
    alice, chief, helper = of(staffed, "alice"), as_(staffed, "chief"), as_(staffed, "helper")
    desk = {"environ_base": {"REMOTE_ADDR": "198.51.100.7"}}
    assert forms.sign_in(staffed.client(), "alice").status_code == 303
    token = forms.token(chief.get("/account/password/"))
    copied = chief.post(f"/admin/people/{alice.id}/copy/", data={"csrf_token": token}, **desk)
    assert copied.status_code == 200
    whole = chief.get(f"/admin/people/{alice.id}/").text
    part = helper.get(f"/admin/people/{alice.id}/").text
    assert "login.succeeded" in whole
    assert "login.succeeded" in part
    assert "people.copied" in whole
    assert "198.51.100.7" in whole
    # They see that it was done, and not from where.
    assert "people.copied" in part
    assert "198.51.100.7" not in part
    shown = as_(staffed, "alice").get("/account/activity/").text
    assert "took a copy of your data" in shown
    assert "198.51.100.7" not in shown
    assert f'href="/admin/record/?person={alice.id}"' in whole
    assert "/admin/record/" not in part


def several(client: FlaskClient, **fields: Any) -> TestResponse:
    token = forms.token(client.get("/account/password/"))
    return client.post("/admin/people/several/preview/", data={"csrf_token": token, **fields})


def hidden(page: TestResponse) -> dict[str, str]:
    """Return the fields of the form that confirms a change of several; none if there is none."""
    _before, _form, after = page.text.partition('action="/admin/people/several/done/"')
    found = re.findall('name="([a-z_]+)" value="([^"]*)"', after.partition("</form>")[0])
    return dict(found)


def confirmed(client: FlaskClient, page: TestResponse, **changed: str) -> TestResponse:
    return client.post("/admin/people/several/done/", data={**hidden(page), **changed})


def test_several_are_changed_after_a_look_and_nobody_else(staffed: GatehouseTester) -> None:
    client = as_(staffed, "helper")
    staffed.add_user("bob", email="bob@example.org")
    page = several(
        client, action="suspend", reason="Spam", until="2026-06-20", all="1", sort="seen"
    )
    main = page.text.split("<main")[1]
    assert "2 people would be changed" in main
    assert "until the beginning of 2026-06-20" in main
    assert "chief: " in main
    # Who came since is not on the list that was looked at.
    staffed.add_user("later", email="later@example.org")
    done = confirmed(client, page)
    assert done.location == "/admin/people/?sort=seen"
    shown = said(staffed, done, client)
    assert "Suspend: 2 people were changed." in shown
    (spared,) = re.findall("Suspend: ([^<]*) were not changed[.]", shown)
    assert sorted(spared.split(", ")) == ["chief", "helper", "second"]
    states = {name: of(staffed, name).active for name in ("alice", "bob", "later", "chief")}
    assert states == {"alice": False, "bob": False, "later": True, "chief": True}
    bob = of(staffed, "bob")
    assert (bob.suspended_reason, bob.suspended_until) == (
        "Spam",
        datetime(2026, 6, 20, tzinfo=UTC),
    )


@pytest.mark.parametrize("action", ["suspend", "give_role"])
@pytest.mark.parametrize("until", ["2026-06-01", "tomorrow"])
def test_an_end_that_cannot_be_is_refused_for_all_of_several(
    staffed: GatehouseTester, action: str, until: str
) -> None:
    client, alice = as_(staffed, "helper"), of(staffed, "alice")
    page = several(
        client, action=action, role_for="support", until=until, id=[str(alice.id)], q="ali"
    )
    assert page.location == "/admin/people/?q=ali"
    assert 'class="gh-message gh-message--error"' in said(staffed, page, client)
    assert of(staffed, "alice").active


def test_several_get_a_role_for_a_while(staffed: GatehouseTester) -> None:
    client, alice = as_(staffed, "chief"), of(staffed, "alice")
    ids = [str(alice.id), str(of(staffed, "helper").id)]
    page = several(client, action="give_role", role_for="removers", until="2026-06-20", id=ids)
    assert "Give a role: 2 people were changed." in said(staffed, confirmed(client, page), client)
    (has,) = given(staffed, alice)
    assert (has.name, has.until) == ("removers", datetime(2026, 6, 20, tzinfo=UTC))


def test_a_long_list_of_those_who_were_not_changed_fits_into_one_sentence() -> None:
    assert rules.named(["ada"]) == "ada"
    assert rules.named(["ada", "ben", "cyd"]) == "ada, ben, cyd"
    assert rules.named(["ada", "ben", "cyd", "dan"]) == "ada, ben, cyd and 1 other"
    assert rules.named([str(n) for n in range(1234)]) == "0, 1, 2 and 1,231 others"


def test_a_list_that_was_not_shown_is_refused(staffed: GatehouseTester) -> None:
    client, alice = as_(staffed, "helper"), of(staffed, "alice")
    bob = staffed.add_user("bob")
    page = several(client, action="suspend", id=[str(alice.id)])
    for changed in (
        {"ids": f"{alice.id} {bob.id}"},
        {"action": "erase"},
        {"reason": "else"},
        {"until": "2026-06-20"},
        {"seal": ""},
    ):
        assert "not the list" in said(staffed, confirmed(client, page, **changed), client)
    other = as_(staffed, "second")
    token = forms.token(other.get("/account/password/"))
    assert "not the list" in said(staffed, confirmed(other, page, csrf_token=token), other)
    assert of(staffed, "alice").active
    assert of(staffed, "bob").active


def test_what_changed_since_the_look_is_decided_again(staffed: GatehouseTester) -> None:
    client, alice = as_(staffed, "helper"), of(staffed, "alice")
    page = several(client, action="end_sessions", id=[str(alice.id)])
    with staffed.work() as work:
        users.make_administrator(work, user=users.named(work.db, "alice"))
    shown = said(staffed, confirmed(client, page), client)
    assert "people were changed" not in shown
    assert "End sessions: alice was not changed." in shown
    assert of(staffed, "alice").epoch == alice.epoch


def test_nobody_chosen_and_no_such_action_say_so(staffed: GatehouseTester) -> None:
    client = as_(staffed, "helper")
    assert "Choose somebody" in said(staffed, several(client, action="suspend"), client)
    alice = of(staffed, "alice")
    page = several(client, action="drop table", id=[str(alice.id)])
    assert "not the list" in said(staffed, page, client)


def test_a_page_offers_nothing_that_would_be_refused(staffed: GatehouseTester) -> None:
    client = as_(staffed, "helper")
    above = client.get(f"/admin/people/{of(staffed, 'chief').id}/").text
    below = client.get(f"/admin/people/{of(staffed, 'alice').id}/").text
    own = client.get(f"/admin/people/{of(staffed, 'helper').id}/").text
    for page, offered in ((above, False), (below, True), (own, False)):
        assert ("/suspend/" in page) is offered
        assert ("/recover/" in page) is offered
        assert ("/roles/give/" in page) is offered
        assert ("You can look, and change nothing." in page) is (page is above)
    chief = as_(staffed, "chief")
    equal = chief.get(f"/admin/people/{of(staffed, 'second').id}/").text
    assert "/demote/" in equal
    # Administrators may change each other's accounts, and nobody looks as an equal.
    looks = chief.get(f"/admin/people/{of(staffed, 'alice').id}/").text
    assert ("/view/" in looks, "/view/" in equal, "/view/" in below) == (True, False, False)


def test_a_list_offers_no_choice_to_whoever_may_change_nobody(staffed: GatehouseTester) -> None:
    for name, permissions, offered, kept in (
        ("reader", ("people.read",), (), ('name="id"', 'name="action"')),
        ("stopper", ("people.read", "people.suspend"), ('name="id"', 'id="reason"'), ("role_for",)),
        ("giver", ("people.read", "roles.grant"), ("role_for",), ('id="reason"',)),
    ):
        staffed.add_user(name)
        with staffed.work() as work:
            roles.make(work, name=name, permissions=permissions)
            roles.grant(work, user=users.named(work.db, name), role=name)
        page = as_(staffed, name).get("/admin/people/").text
        assert all(each in page for each in offered)
        assert not any(each in page for each in kept)
