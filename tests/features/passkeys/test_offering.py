"""A passkey is offered in one sign-in, to whoever came by password, and never to who declined."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from flask_gatehouse.features.passkeys.models import PasskeyOwner
from flask_gatehouse.testing import GatehouseTester
from flask_gatehouse.testing.authenticator import Authenticator
from tests import forms
from tests.conftest import MakeSite
from tests.keepers import UNLIMITED, enrol

OFFER = "data-passkey-offer"


def entered(site: GatehouseTester, **fields: str) -> FlaskClient:
    client = site.client()
    assert forms.sign_in(client, **fields).status_code == 303
    return client


def act(client: FlaskClient, what: str) -> int:
    token = forms.token(client.get("/account/"))
    return client.post(f"/account/passkeys/{what}/", data={"csrf_token": token}).status_code


def test_it_is_offered_until_a_browser_says_that_it_was(site: GatehouseTester) -> None:
    first = entered(site)
    for _ in range(2):
        assert OFFER in first.get("/account/").text
        assert OFFER in first.get("/admin/").text
    with site.work() as work:
        assert list(work.db.scalars(select(PasskeyOwner))) == []
    assert act(first, "offered") == 204
    second = entered(site)
    assert act(second, "offered") == 204
    assert OFFER in first.get("/account/").text
    assert OFFER not in second.get("/account/").text


def test_who_declined_is_asked_no_more(site: GatehouseTester) -> None:
    client = entered(site)
    assert act(client, "decline") == 303
    assert OFFER not in client.get("/account/").text
    assert OFFER not in entered(site).get("/account/").text


def test_who_has_one_or_was_remembered_or_came_otherwise_is_not_asked(
    tester: GatehouseTester,
) -> None:
    client = entered(tester, remember="y")
    assert OFFER in client.get("/account/").text
    client.delete_cookie("gatehouse")
    assert OFFER not in client.get("/account/").text
    client = entered(tester, username="bob")
    enrol(tester, Authenticator(), "bob")
    assert OFFER not in client.get("/account/").text


@pytest.mark.parametrize(
    "config", [{"GATEHOUSE_PASSKEYS_OFFER": "no"}, {"GATEHOUSE_PASSKEYS_ENABLED": "no"}]
)
def test_where_that_is_switched_off_nobody_is_asked(
    make_site: MakeSite, sqlite_url: str, config: dict[str, str]
) -> None:
    site = GatehouseTester(make_site(sqlite_url, **config, **UNLIMITED))
    site.add_user("alice")
    assert OFFER not in entered(site).get("/account/").text
