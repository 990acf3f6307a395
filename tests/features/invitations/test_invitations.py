"""Invitations: bound to an address, good once, and what is not good opens nothing."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask.testing import FlaskClient

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.features.invitations import service
from flask_gatehouse.features.invitations.errors import InvitationsClosed
from flask_gatehouse.features.invitations.links import link_of
from flask_gatehouse.features.invitations.purging import InvitedPurge
from flask_gatehouse.features.proofs.errors import ProofSpent
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import NameRefused
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.conftest import MakeSite

ADDRESS = "new@example.org"
PAGE = "/admin/invitations/"
_LINK = re.compile(r"/invited/([A-Za-z0-9_-]{43})/")


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    site = GatehouseTester(
        make_site(
            database_url,
            GATEHOUSE_THROTTLING_LINKS="1000/1m",
            GATEHOUSE_INVITATIONS_PAUSE="1000/1m",
        )
    )
    site.add_user("root", admin=True)
    return site


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def secret(site: GatehouseTester) -> str:
    found = _LINK.search(text(site.mails()[-1]))
    assert found is not None
    return found[1]


def command(site: GatehouseTester, *args: str) -> tuple[int, str]:
    done = site.app.test_cli_runner().invoke(args=["gatehouse", "invitations", *args])
    return done.exit_code, done.output


def invited(site: GatehouseTester, *, admin: bool = False) -> str:
    command(site, "send", ADDRESS, *(["--admin"] if admin else []))
    return secret(site)


def chief(site: GatehouseTester) -> FlaskClient:
    client = site.client()
    forms.sign_in(client, "root")
    return client


def accept(site: GatehouseTester, key: str, name: str = "newbie") -> None:
    with site.work() as work:
        service.accept(work, secret=key, username=name, password=PASSWORD)


def account(site: GatehouseTester, name: str) -> User | None:
    with site.work() as work, work.reading() as db:
        return users.find(db, name)


def test_an_administrator_invites_and_the_link_makes_an_account(site: GatehouseTester) -> None:
    assert forms.send(chief(site), PAGE, email=ADDRESS).status_code == 303
    client = site.client()
    client.get(f"/invited/{secret(site)}/")
    page = forms.send(client, "/invited/", username="newbie", password=PASSWORD)
    assert page.location == "/login/"
    assert client.get("/admin/").location.startswith("/login/")
    found = account(site, ADDRESS)
    assert found is not None
    assert (found.username, found.is_admin) == ("newbie", False)
    assert forms.sign_in(site.client(), "newbie").status_code == 303


def test_the_list_shows_who_is_invited_until_it_is_taken_back(site: GatehouseTester) -> None:
    key, client = invited(site), chief(site)
    page = client.get(PAGE)
    assert ADDRESS in page.text
    path = re.search(r'action="(/admin/invitations/[^/]+/revoke/)"', page.text)
    assert path is not None
    client.post(path[1], data={"csrf_token": forms.token(page)})
    assert ADDRESS not in client.get(PAGE).text
    with pytest.raises(ProofSpent):
        accept(site, key)


def test_sending_again_voids_the_link_of_before(site: GatehouseTester) -> None:
    first, client = invited(site), chief(site)
    page = client.get(PAGE)
    path = re.search(r'action="(/admin/invitations/[^/]+/resend/)"', page.text)
    assert path is not None
    assert client.post(path[1], data={"csrf_token": forms.token(page)}).status_code == 303
    second = secret(site)
    with pytest.raises(ProofSpent):
        accept(site, first)
    accept(site, second)
    assert account(site, ADDRESS) is not None


def test_an_invitation_of_an_administrator_makes_one(site: GatehouseTester) -> None:
    accept(site, invited(site, admin=True))
    found = account(site, "newbie")
    assert found is not None
    assert found.is_admin


def test_inviting_an_administrator_asks_for_the_password_again(site: GatehouseTester) -> None:
    client = chief(site)
    page = client.get(PAGE)
    site.clock.move(timedelta(minutes=20))
    form = {"csrf_token": forms.token(page), "email": ADDRESS, "admin": "y"}
    client.post(PAGE, data=form)
    assert site.mails() == []
    assert "Nobody is invited" in client.get(PAGE).text


def demoted(site: GatehouseTester) -> str:
    """Have an administrator invite another one and lose the role; return the letter's secret."""
    site.add_user("second", admin=True)
    forms.send(chief(site), PAGE, email=ADDRESS, admin="y")
    with site.work() as work:
        users.unmake_administrator(work, user=users.named(work.db, "root"))
    return secret(site)


def test_an_invitation_goes_with_the_right_of_whoever_sent_it(site: GatehouseTester) -> None:
    key = demoted(site)
    with pytest.raises(ProofSpent):
        accept(site, key)
    assert account(site, "newbie") is None


def test_whoever_may_still_invite_but_gives_no_role_any_more_invited_a_member(
    make_site: MakeSite, database_url: str
) -> None:
    site = GatehouseTester(make_site(database_url, GATEHOUSE_INVITATIONS_BY="members"))
    site.add_user("root", admin=True)
    accept(site, demoted(site))
    found = account(site, "newbie")
    assert found is not None
    assert not found.is_admin


def test_a_name_that_is_taken_leaves_the_invitation_good(site: GatehouseTester) -> None:
    client = site.client()
    client.get(f"/invited/{invited(site)}/")
    page = forms.send(client, "/invited/", username="Root", password=PASSWORD)
    assert page.status_code == 422
    page = forms.send(client, "/invited/", username="newbie", password=PASSWORD)
    assert page.status_code == 303


def test_whoever_has_an_account_is_told_and_the_inviter_is_not(site: GatehouseTester) -> None:
    site.add_user("alice", email=ADDRESS)
    client = chief(site)
    known = forms.send(client, PAGE, email=ADDRESS)
    unknown = forms.send(client, PAGE, email="else@example.org")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    letters = {str(mail["To"]): text(mail) for mail in site.mails()}
    assert "has an account already" in letters[ADDRESS]
    assert not _LINK.search(letters[ADDRESS])
    assert _LINK.search(letters["else@example.org"])
    shown = client.get(PAGE).text
    assert ADDRESS in shown
    assert "else@example.org" in shown


def test_whoever_is_signed_in_is_not_taken_over(site: GatehouseTester) -> None:
    key, client = invited(site), site.client()
    site.add_user("alice")
    forms.sign_in(client, "alice")
    client.get(f"/invited/{key}/")
    page = client.get("/invited/")
    assert "alice" in page.text
    token = forms.token(client.get("/logout/"))
    form = {"csrf_token": token, "username": "newbie", "password": PASSWORD}
    assert client.post("/invited/", data=form).status_code == 409
    assert account(site, "newbie") is None


def test_looking_at_a_link_uses_nothing_up(site: GatehouseTester) -> None:
    key, client = invited(site), site.client()
    for _ in range(3):
        client.get(f"/invited/{key}/")
        client.head("/invited/")
        assert client.get("/invited/").status_code == 200
    accept(site, key)
    assert account(site, ADDRESS) is not None


def test_of_sixteen_who_accept_at_once_one_gets_an_account(site: GatehouseTester) -> None:
    key, together = invited(site), threading.Barrier(16)

    def race(number: int) -> bool:
        together.wait()
        try:
            accept(site, key, f"newbie{number}")
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(race, range(16)))
    assert sum(won) == 1
    made = [number for number in range(16) if account(site, f"newbie{number}") is not None]
    assert made == [won.index(True)]


def test_the_next_letter_to_an_address_has_to_wait(make_site: MakeSite, database_url: str) -> None:
    site = GatehouseTester(make_site(database_url))
    site.add_user("root", admin=True)
    client = chief(site)
    assert forms.send(client, PAGE, email=ADDRESS).status_code == 303
    assert forms.send(client, PAGE, email="New@Example.org").status_code == 429
    site.clock.move(timedelta(minutes=2))
    assert forms.send(client, PAGE, email=ADDRESS).status_code == 303


def test_an_invitation_that_is_over_is_shown_for_a_week(site: GatehouseTester) -> None:
    works = site.app.extensions["gatehouse"].works
    invited(site)
    site.clock.move(timedelta(days=2))
    InvitedPurge(works.house).do(works)
    assert "Expired" in chief(site).get(PAGE).text
    site.clock.move(timedelta(days=7))
    InvitedPurge(works.house).do(works)
    assert ADDRESS not in chief(site).get(PAGE).text


def test_an_account_that_is_erased_takes_its_invitations_along(site: GatehouseTester) -> None:
    root = site.add_user("second", password=None, admin=True)
    with site.app.app_context(), site.work() as work:
        service.send(work, inviter=root, address=ADDRESS, admin=False, link_of=link_of)
    key = secret(site)
    with site.work() as work:
        users.erase(work, user_id=root.id)
    with pytest.raises(ProofSpent):
        accept(site, key)


def test_the_command_line_lists_and_takes_back(site: GatehouseTester) -> None:
    invited(site)
    assert ADDRESS in command(site, "list")[1]
    assert command(site, "resend", ADDRESS)[0] == 0
    assert command(site, "revoke", "NEW@example.org")[0] == 0
    assert ADDRESS not in command(site, "list")[1]
    assert command(site, "revoke", ADDRESS)[0] == 1


def test_rst_17_an_invitation_is_good_once(site: GatehouseTester) -> None:
    key = invited(site)
    accept(site, key)
    with pytest.raises(ProofSpent):
        accept(site, key, "another")
    assert account(site, "another") is None


def test_rst_17_an_invitation_ends(site: GatehouseTester) -> None:
    key = invited(site)
    site.clock.move(timedelta(hours=25))
    with pytest.raises(ProofSpent):
        accept(site, key)
    assert account(site, ADDRESS) is None


def test_rst_17_another_address_cannot_be_chosen(site: GatehouseTester) -> None:
    client = site.client()
    client.get(f"/invited/{invited(site)}/")
    fields = {"username": "newbie", "password": PASSWORD, "email": "other@example.org"}
    assert forms.send(client, "/invited/", **fields).status_code == 303
    assert account(site, "other@example.org") is None
    assert account(site, ADDRESS) is not None


def test_rst_17_another_flow_does_not_take_it(site: GatehouseTester) -> None:
    key, client = invited(site), site.client()
    client.get(f"/invitation/{key}/")
    assert client.get("/invitation/").status_code == 409
    accept(site, key)
    assert account(site, ADDRESS) is not None


def test_rst_17_an_edited_cookie_opens_nothing(site: GatehouseTester) -> None:
    key, client = invited(site), site.client()
    edited = ("A" if key[0] != "A" else "B") + key[1:]
    client.get(f"/invited/{edited}/")
    assert client.get("/invited/").status_code == 409


def test_where_nobody_is_let_in_no_invitation_is_sent_or_accepted(
    make_site: MakeSite, sqlite_url: str
) -> None:
    before = GatehouseTester(make_site(sqlite_url))
    key = invited(before)
    site = GatehouseTester(
        make_site(
            sqlite_url,
            GATEHOUSE_REGISTRATION_MODE="closed",
            SECRET_KEY=before.app.config["SECRET_KEY"],
        )
    )
    site.add_user("root", admin=True)
    exit_code, said = command(site, "send", "other@example.org")
    assert (exit_code, "no accounts by invitation" in said) == (1, True)
    assert forms.send(chief(site), PAGE, email="other@example.org").status_code == 403
    client = site.client()
    assert client.get(f"/invited/{key}/", follow_redirects=True).status_code == 403
    with site.work() as work, pytest.raises(InvitationsClosed):
        service.accept(work, secret=key, username="newbie", password=PASSWORD)
    assert command(site, "revoke", ADDRESS)[0] == 0


def test_a_reserved_name_is_no_choice_and_the_invitation_stays_good(site: GatehouseTester) -> None:
    key = invited(site)
    with pytest.raises(NameRefused):
        accept(site, key, name="admin")
    accept(site, key)
