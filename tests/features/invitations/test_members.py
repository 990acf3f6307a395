"""Members who invite: their own invitations only, no role, within their limit, while they may."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_gatehouse import Gatehouse
from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.features.invitations import service
from flask_gatehouse.features.invitations.errors import MayNotInvite
from flask_gatehouse.features.invitations.links import link_of
from flask_gatehouse.features.invitations.settings import InvitationSettings
from flask_gatehouse.features.proofs.errors import ProofSpent
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.conftest import MakeSite

ADDRESS = "new@example.org"
PAGE = "/account/invitations/"
CONSOLE = "/admin/invitations/"
_LINK = re.compile(r"/invited/([A-Za-z0-9_-]{43})/")


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    site = GatehouseTester(
        make_site(
            database_url,
            GATEHOUSE_INVITATIONS_BY="members",
            GATEHOUSE_INVITATIONS_PAUSE="1000/1m",
            GATEHOUSE_INVITATIONS_PER_ADDRESS="1000/1m",
            GATEHOUSE_THROTTLING_LINKS="1000/1m",
        )
    )
    site.add_user("root", admin=True)
    site.add_user("alice")
    site.add_user("bob")
    return site


def person(site: GatehouseTester, name: str) -> FlaskClient:
    client = site.client()
    forms.sign_in(client, name)
    return client


def secret(site: GatehouseTester) -> str:
    body = site.mails()[-1].get_body(("plain",))
    assert body is not None
    found = _LINK.search(body.get_content())
    assert found is not None
    return found[1]


def invited_by(site: GatehouseTester, name: str, address: str = ADDRESS) -> str:
    """Have somebody invite an address by their page; return the secret of the letter."""
    page = forms.send(person(site, name), PAGE, email=address)
    assert (page.status_code, page.location) == (303, PAGE)
    return secret(site)


def accept(site: GatehouseTester, key: str, name: str = "newbie") -> None:
    with site.work() as work:
        service.accept(work, secret=key, username=name, password=PASSWORD)


def path_to(client: FlaskClient, what: str, page: str = PAGE) -> str:
    found = re.search(rf'action="({page}[^/]+/{what}/)"', client.get(page).text)
    assert found is not None
    return found[1]


def post(client: FlaskClient, path: str) -> int:
    return client.post(path, data={"csrf_token": forms.token(client.get("/account/"))}).status_code


def test_a_member_invites_and_the_link_makes_a_plain_account(site: GatehouseTester) -> None:
    key = invited_by(site, "alice")
    client = site.client()
    client.get(f"/invited/{key}/")
    page = forms.send(client, "/invited/", username="newbie", password=PASSWORD)
    assert page.location == "/login/"
    with site.work() as work:
        assert not users.named(work.db, "newbie").is_admin


def test_a_member_sees_their_own_invitations_and_no_others(site: GatehouseTester) -> None:
    invited_by(site, "alice")
    invited_by(site, "bob", "else@example.org")
    page = person(site, "alice").get(PAGE).text
    assert ADDRESS in page
    assert "else@example.org" not in page


def test_a_member_sends_again_and_takes_back_their_own(site: GatehouseTester) -> None:
    first, client = invited_by(site, "alice"), person(site, "alice")
    assert post(client, path_to(client, "resend")) == 303
    second = secret(site)
    with pytest.raises(ProofSpent):
        accept(site, first)
    assert post(client, path_to(client, "revoke")) == 303
    with pytest.raises(ProofSpent):
        accept(site, second)
    assert "Nobody is invited" in client.get(PAGE).text


@pytest.mark.parametrize("what", ["resend", "revoke"])
@pytest.mark.parametrize("prefix", [PAGE, CONSOLE])
def test_an_invitation_of_somebody_else_is_not_there_for_a_member(
    site: GatehouseTester, what: str, prefix: str
) -> None:
    key = invited_by(site, "alice")
    path = path_to(person(site, "alice"), what).replace(PAGE, prefix)
    letters = len(site.mails())
    assert post(person(site, "bob"), path) == (404 if prefix == PAGE else 403)
    assert len(site.mails()) == letters
    accept(site, key)


def test_a_member_cannot_give_a_role(site: GatehouseTester) -> None:
    page = forms.send(person(site, "alice"), PAGE, email=ADDRESS, admin="y")
    assert page.status_code == 303
    accept(site, secret(site))
    with site.work() as work:
        assert not users.named(work.db, "newbie").is_admin
        alice = users.named(work.db, "alice")
    with pytest.raises(MayNotInvite), site.app.app_context(), site.work() as work:
        service.send(work, inviter=alice, address="x@example.org", admin=True, link_of=link_of)


def test_whoever_lost_the_role_cannot_give_it_by_sending_again(site: GatehouseTester) -> None:
    site.add_user("second", admin=True)
    client = person(site, "second")
    forms.send(client, CONSOLE, email=ADDRESS, admin="y")
    with site.work() as work:
        users.unmake_administrator(work, user=users.named(work.db, "second"))
    assert post(client, path_to(client, "resend")) == 303
    with site.work() as work:
        users.make_administrator(work, user=users.named(work.db, "second"))
    accept(site, secret(site))
    with site.work() as work:
        assert not users.named(work.db, "newbie").is_admin


def test_a_member_does_not_replace_what_somebody_else_sent(site: GatehouseTester) -> None:
    forms.send(person(site, "root"), CONSOLE, email=ADDRESS, admin="y")
    key, letters = secret(site), len(site.mails())
    page = forms.send(person(site, "alice"), PAGE, email=ADDRESS)
    assert page.status_code == 422
    assert "already" in page.text
    assert len(site.mails()) == letters
    accept(site, key)
    with site.work() as work:
        assert users.named(work.db, "newbie").is_admin


def test_what_is_over_is_in_nobodys_way(site: GatehouseTester) -> None:
    invited_by(site, "bob")
    site.clock.move(InvitationSettings().lifetime)
    accept(site, invited_by(site, "alice"))
    with site.work() as work, work.reading() as db:
        assert users.named(db, "newbie").email == ADDRESS


def test_a_member_has_a_limit_of_their_own(make_site: MakeSite, database_url: str) -> None:
    site = GatehouseTester(
        make_site(
            database_url,
            GATEHOUSE_INVITATIONS_BY="members",
            GATEHOUSE_INVITATIONS_PER_MEMBER="2/1d",
        )
    )
    site.add_user("root", admin=True)
    site.add_user("alice")
    for name, statuses in (("alice", [303, 303, 429, 429]), ("root", [303] * 4)):
        client = person(site, name)
        sent = [forms.send(client, PAGE, email=f"{name}{n}@example.org") for n in range(4)]
        assert [page.status_code for page in sent] == statuses
    assert len(site.mails()) == 6


def suspended(site: GatehouseTester) -> None:
    with site.work() as work:
        users.suspend(work, user=users.named(work.db, "alice"))


def erased(site: GatehouseTester) -> None:
    with site.work() as work:
        users.erase(work, user_id=users.named(work.db, "alice").id)


@pytest.mark.parametrize("gone", [suspended, erased])
def test_an_invitation_goes_with_the_right_of_whoever_sent_it(
    site: GatehouseTester, gone: Callable[[GatehouseTester], None]
) -> None:
    key = invited_by(site, "alice")
    gone(site)
    client = site.client()
    client.get(f"/invited/{key}/")
    assert client.get("/invited/").status_code == 409
    with pytest.raises(ProofSpent):
        accept(site, key)


def test_an_administrator_takes_over_what_became_void(site: GatehouseTester) -> None:
    invited_by(site, "alice")
    suspended(site)
    client = person(site, "root")
    shown = client.get(CONSOLE).text
    assert "Void" in shown
    assert "alice" in shown
    assert post(client, path_to(client, "resend", CONSOLE)) == 303
    accept(site, secret(site))


def test_of_eight_members_who_invite_one_address_at_once_one_does(site: GatehouseTester) -> None:
    asking = [site.add_user(f"member{number}", password=None) for number in range(8)]
    together = threading.Barrier(8)

    def race(number: int) -> bool:
        together.wait()
        try:
            with site.app.app_context(), site.work() as work:
                service.send(
                    work, inviter=asking[number], address=ADDRESS, admin=False, link_of=link_of
                )
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(race, range(8)))
    assert sum(won) == 1
    assert len(site.mails()) == 1
    accept(site, secret(site))


def test_only_who_may_invite_is_led_to_the_page(
    make_site: MakeSite, site: GatehouseTester, tmp_path: Path
) -> None:
    assert PAGE in person(site, "alice").get("/account/").text
    closed = GatehouseTester(make_site(f"sqlite:///{tmp_path / 'closed.db'}"))
    closed.add_user("root", admin=True)
    closed.add_user("alice")
    assert PAGE in person(closed, "root").get("/account/").text
    client = person(closed, "alice")
    assert PAGE not in client.get("/account/").text
    assert client.get(PAGE).status_code == 403
    data = {"csrf_token": forms.token(client.get("/account/")), "email": ADDRESS}
    assert client.post(PAGE, data=data).status_code == 403
    assert closed.mails() == []


def host(tmp_path: Path, rule: Callable[[Any], Any], **settings: Any) -> GatehouseTester:
    app = Flask("host", instance_path=str(tmp_path))
    app.config.from_mapping(
        TESTING=True,
        SECRET_KEY="k" * 32,
        GATEHOUSE_DATABASE_URL=f"sqlite:///{tmp_path / 'host.db'}",
        **settings,
    )
    Gatehouse(app, may_invite=rule)
    with app.app_context():
        Gatehouse.upgrade_database()
    found = GatehouseTester(app)
    for name in ("alice", "bob"):
        found.add_user(name)
    found.add_user("root", admin=True)
    return found


def test_a_host_says_which_members_may(tmp_path: Path) -> None:
    site = host(tmp_path, lambda user: user.username == "alice", GATEHOUSE_INVITATIONS_BY="members")
    seen = {name: person(site, name).get(PAGE).status_code for name in ("alice", "bob", "root")}
    assert seen == {"alice": 200, "bob": 403, "root": 200}


def test_what_is_not_true_lets_nobody_in(tmp_path: Path) -> None:
    site = host(tmp_path, lambda _: "no", GATEHOUSE_INVITATIONS_BY="members")
    assert person(site, "alice").get(PAGE).status_code == 403


def test_a_rule_opens_nothing_that_the_setting_keeps_shut(tmp_path: Path) -> None:
    site = host(tmp_path, lambda _: True)
    assert person(site, "alice").get(PAGE).status_code == 403


def test_an_invitation_goes_when_the_host_changes_its_mind(tmp_path: Path) -> None:
    trusted = {"alice"}
    site = host(tmp_path, lambda user: user.username in trusted, GATEHOUSE_INVITATIONS_BY="members")
    key = invited_by(site, "alice")
    trusted.clear()
    with pytest.raises(ProofSpent):
        accept(site, key)
