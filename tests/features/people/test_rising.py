"""What was begun for an account while it was low, and comes to its end when it is high."""

import re
from datetime import timedelta

import pytest

from flask_gatehouse.features.mfa import resetting
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.people import service as people
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.features.totp.apps import with_app

SUPPORT = ("people.read", "people.edit", "people.recover", "people.suspend", "roles.grant")


@pytest.fixture
def staffed(site: GatehouseTester) -> GatehouseTester:
    """Return a site with an administrator, somebody of support, and a member."""
    for name in ("chief", "helper", "alice"):
        site.add_user(name, email=f"{name}@example.org", admin=name == "chief")
    with site.work() as work:
        roles.make(work, name="support", permissions=SUPPORT)
        roles.grant(work, user=users.named(work.db, "helper"), role="support")
    return site


def of(site: GatehouseTester, name: str) -> User:
    with site.work() as work, work.reading() as db:
        return users.named(db, name)


@pytest.mark.parametrize("rises", [False, True])
def test_adm_03_a_letter_that_support_had_sent_adds_no_mailbox_to_an_administrator(
    staffed: GatehouseTester, *, rises: bool
) -> None:
    alice, client = of(staffed, "alice"), staffed.client()
    forms.sign_in(client, "helper")
    token = forms.token(client.get("/account/password/"))
    client.post(
        f"/admin/people/{alice.id}/addresses/add/",
        data={"csrf_token": token, "address": "trap@example.org"},
    )
    letter = next(mail for mail in staffed.mails() if mail["To"] == "trap@example.org")
    body = letter.get_body(("plain",))
    assert body is not None
    found = re.search(r"(/address/[\w-]{43}/)", body.get_content())
    assert found is not None
    if rises:
        with staffed.work() as work:
            people.promote(work, user_id=alice.id, by=None)
    stranger = staffed.client()
    stranger.get(found[1])
    page = stranger.get("/address/")
    stranger.post("/address/", data={"csrf_token": forms.token(page)})
    with staffed.work() as work, work.reading() as db:
        have = {each.canonical for each in addresses.of(db, user_id=alice.id)}
    assert ("trap@example.org" in have) is not rises


@pytest.mark.parametrize("at", ["upkeep", "sign-in"])
@pytest.mark.parametrize("then", ["nothing", "promoted", "equal", "asker suspended", "asker low"])
def test_adm_03_factors_stay_if_whoever_asked_may_not_reach_the_account_any_more(
    staffed: GatehouseTester, then: str, at: str
) -> None:
    alice, helper = of(staffed, "alice"), of(staffed, "helper")
    with_app(staffed)
    with staffed.work() as work:
        people.reset_factors(work, user_id=alice.id, by=helper)
    with staffed.work() as work:
        if then == "promoted":
            people.promote(work, user_id=alice.id, by=None)
        elif then == "equal":
            roles.grant(work, user=alice, role="support")
        elif then == "asker suspended":
            people.suspend(work, user_id=helper.id, by=None)
        elif then == "asker low":
            roles.revoke(work, user=helper, role="support")
    staffed.clock.move(timedelta(days=30))
    if at == "upkeep":
        state = staffed.app.extensions["gatehouse"]
        resetting.Resetting(state.house).do(state.works)
    elif then != "nothing":
        client = staffed.client()
        assert "second-step" in forms.sign_in(client, "alice").location
        assert client.get("/account/").status_code == 302
    else:
        assert "second-step" not in forms.sign_in(staffed.client(), "alice").location
    with staffed.work() as work, work.reading() as db:
        assert bool(mfa.of(db, user_id=alice.id)) is (then != "nothing")
        assert resetting.waiting(db, user_id=alice.id) is None
