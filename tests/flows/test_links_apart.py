"""A link of one letter is nothing on the page of another, and opening it changes nothing."""

import re
from itertools import product

import pytest
from flask.testing import FlaskClient

from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.conftest import MakeSite
from tests.forms import cookie, send, sign_in, token
from tests.security.walk import snapshot

#: Each kind of link, and the page to which it leads.
KINDS = {
    "address": "/address/",
    "address/undo": "/address/undo/",
    "recover": "/recover/new/",
    "invited": "/invited/",
    "leave/undo": "/leave/undo/",
    "login/mail": "/login/mail/link/",
    "invitation": "/invitation/",
    "verify": "/verify/link/",
}


@pytest.fixture
def site(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    site = GatehouseTester(
        make_site(
            sqlite_url,
            GATEHOUSE_THROTTLING_LINKS="1000/1m",
            GATEHOUSE_REGISTRATION_MODE="open",
            GATEHOUSE_LOGIN_BY_MAIL_ALLOWED=True,
        )
    )
    site.add_user("root", email="root@example.org", admin=True)
    for name in ("alice", "bob", "carol", "erin", "ivan"):
        site.add_user(name, email=f"{name}@example.org")
    return site


@pytest.fixture
def asker(site: GatehouseTester) -> FlaskClient:
    """The browser in which a letter to log in by was asked for."""
    client = site.client()
    runner = site.app.test_cli_runner()
    prove = ("users", "address", "add", "ivan", "ivan@example.org", "--proven")
    assert runner.invoke(args=["gatehouse", *prove]).exit_code == 0
    send(client, "/login/mail/", username="ivan")
    return client


def like(asker: FlaskClient) -> FlaskClient:
    """Return a browser that holds nothing but what belongs to that letter: elsewhere it is none."""
    client = asker.application.test_client()
    client.set_cookie("gatehouse_mail-letter", str(cookie(asker, "gatehouse_mail-letter")))
    return client


@pytest.fixture
def secrets(site: GatehouseTester, asker: FlaskClient) -> dict[str, str]:
    """The secret of one link of each kind, each good at this moment."""
    del asker
    send(site.client(), "/recover/", username="alice")
    runner = site.app.test_cli_runner()
    for args in (
        ("users", "invite", "bob"),
        ("users", "address", "add", "erin", "gina@example.org", "--proven"),
        ("invitations", "send", "dora@example.org"),
    ):
        assert runner.invoke(args=["gatehouse", *args]).exit_code == 0
    carol = site.client()
    sign_in(carol, "carol")
    data = {"csrf_token": token(carol.get("/account/leave/"))}
    assert carol.post("/account/leave/delete/", data=data).status_code == 303
    filled = {"username": "hugo", "email": "hugo@example.org", "password": PASSWORD}
    send(site.client(), "/register/", **filled)
    erin = site.client()
    sign_in(erin, "erin")
    for what, field, value in (
        ("primary", "address", "gina@example.org"),
        ("add", "email", "frank@example.org"),
    ):
        sent = {"csrf_token": token(erin.get("/account/addresses/")), field: value}
        assert erin.post(f"/account/addresses/{what}/", data=sent).status_code == 303
    found = {}
    for mail in site.mails():
        body = mail.get_body(("plain",))
        assert body is not None
        link = re.search(r":5000/([a-z/]+)/([\w-]{43})/", body.get_content())
        if link is not None:
            found[link[1]] = link[2]
    assert found.keys() == KINDS.keys()
    return found


def opened(client: FlaskClient, kind: str, secret: str) -> int:
    """Open a link of a kind, with a secret of any, and return how its page answers."""
    page = KINDS[kind]
    handed = client.get(f"/{kind}/{secret}/")
    assert (handed.status_code, handed.location) == (303, page)
    return client.get(page).status_code


def test_a_link_is_good_on_its_own_page_and_on_no_other(
    asker: FlaskClient, secrets: dict[str, str]
) -> None:
    good = {
        (kind, of)
        for kind, of in product(KINDS, KINDS)
        if opened(like(asker), kind, secrets[of]) == 200
    }
    assert good == {(kind, kind) for kind in KINDS}


def test_a_secret_in_the_cookie_of_another_kind_is_nothing_there(
    asker: FlaskClient, secrets: dict[str, str]
) -> None:
    cookies = {
        "address": "gatehouse_address",
        "address/undo": "gatehouse_address-undo",
        "recover": "gatehouse_recovery",
        "invited": "gatehouse_invited",
        "leave/undo": "gatehouse_undo",
        "login/mail": "gatehouse_mail-link",
        "invitation": "gatehouse_invitation",
        "verify": "gatehouse_verify",
    }
    for kind, of in product(KINDS, KINDS):
        client = like(asker)
        client.set_cookie(cookies[kind], secrets[of])
        assert (client.get(KINDS[kind]).status_code == 200) == (kind == of), (kind, of)


def test_opening_every_link_changes_nothing(
    site: GatehouseTester, asker: FlaskClient, secrets: dict[str, str]
) -> None:
    before = snapshot(site, without=("gatehouse_throttle",))
    for kind, secret in secrets.items():
        machine = site.client()
        machine.head(f"/{kind}/{secret}/")
        machine.get(f"/{kind}/{secret}/", follow_redirects=True)
    assert snapshot(site, without=("gatehouse_throttle",)) == before
    for kind, secret in secrets.items():
        assert opened(like(asker), kind, secret) == 200


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "X-Forwarded-Proto"])
def test_no_header_of_a_request_reaches_a_letter(
    make_site: MakeSite, sqlite_url: str, header: str
) -> None:
    site = GatehouseTester(
        make_site(
            sqlite_url,
            GATEHOUSE_TRUSTED_PROXIES=1,
            GATEHOUSE_REGISTRATION_MODE="open",
            GATEHOUSE_LOGIN_BY_MAIL_ALLOWED=True,
        )
    )
    site.add_user("root", admin=True)
    site.add_user("alice", email="alice@example.org")
    prove = ("users", "address", "add", "alice", "alice@example.org", "--proven")
    assert site.app.test_cli_runner().invoke(args=["gatehouse", *prove]).exit_code == 0
    client = site.client()
    data = {"csrf_token": token(client.get("/recover/")), "username": "alice"}
    client.post("/recover/", data=data, headers={header: "evil.example"})
    client.post("/login/mail/", data=data, headers={header: "evil.example"})
    filled = {"username": "erin", "email": "erin@example.org", "password": PASSWORD}
    client.post("/register/", data=data | filled, headers={header: "evil.example"})
    # A host that is not ours is not answered at all.
    assert len(site.mails()) == (0 if header == "Host" else 3)
    for mail in site.mails():
        assert "evil.example" not in mail.as_string()
