"""People who may invite because a role says so."""

import pytest

from flask_gatehouse.features.invitations import service
from flask_gatehouse.features.invitations.models import Invited
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from tests import forms

PAGE = "/admin/invitations/"


@pytest.fixture
def staffed(site: GatehouseTester) -> GatehouseTester:
    site.add_user("chief", admin=True)
    site.add_user("helper")
    with site.work() as work:
        roles.make(work, name="hosts", permissions=("people.invite",))
        roles.grant(work, user=users.named(work.db, "helper"), role="hosts")
    return site


def test_a_role_lets_somebody_invite_and_only_without_administration(
    staffed: GatehouseTester,
) -> None:
    client = staffed.client()
    forms.sign_in(client, "helper")
    assert 'name="admin"' not in client.get(PAGE).text
    assert forms.send(client, PAGE, email="new@example.org").status_code == 303
    assert staffed.mails()[-1]["To"] == "new@example.org"
    page = forms.send(client, PAGE, email="other@example.org", admin="y")
    assert page.status_code == 403
    assert "other@example.org" not in client.get(PAGE).text


def test_an_invitation_goes_with_the_role_of_who_sent_it(staffed: GatehouseTester) -> None:
    client = staffed.client()
    forms.sign_in(client, "helper")
    forms.send(client, PAGE, email="new@example.org")
    secret = staffed.mails()[-1].as_string().split("/invited/")[1][:43]
    with staffed.work() as work:
        assert service.look(work, secret=secret) == "new@example.org"
        roles.revoke(work, user=users.named(work.db, "helper"), role="hosts")
    visitor = staffed.client()
    visitor.get(f"/invited/{secret}/")
    assert "does not work" in visitor.get("/invited/").text


def test_whoever_invites_by_a_role_does_not_touch_invitations_of_administrators(
    staffed: GatehouseTester,
) -> None:
    chief, client = staffed.client(), staffed.client()
    forms.sign_in(chief, "chief")
    forms.sign_in(client, "helper")
    forms.send(chief, PAGE, email="boss@example.org", admin="y")
    forms.send(chief, PAGE, email="member@example.org")
    with staffed.work() as work, work.reading() as db:
        ids = {each.canonical: each.public_id for each in db.query(Invited)}
    token = forms.token(client.get(PAGE))
    for address, status in (("boss@example.org", 404), ("member@example.org", 303)):
        path = f"{PAGE}{ids[address]}/revoke/"
        assert client.post(path, data={"csrf_token": token}).status_code == status
