"""A mailbox is no factor: whoever has one is led on to it after a letter as after a password."""

import re
from collections.abc import Callable
from typing import ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from werkzeug.test import TestResponse

from flask_gatehouse.core.house import House
from flask_gatehouse.features.login import entering
from flask_gatehouse.features.login_by_mail.ways import ByLetter
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.mfa.kinds import FactorKind, WayIn
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.features.login_by_mail.asking import (
    GENEROUS,
    ask,
    code,
    is_in,
    link,
    peopled,
    type_in,
    use,
)
from tests.forms import cookie, sign_in, token
from tests.security.walk import count, events, rows

Open = Callable[[GatehouseTester, FlaskClient], TestResponse]


class Nod(FactorKind):
    """A factor that is right whenever it is asked for."""

    method: ClassVar[str] = "totp"
    label: ClassVar[str] = "A nod"
    ask: ClassVar[str] = "nod"
    way: ClassVar[str] = "Nod"
    add: ClassVar[str | None] = None
    order: ClassVar[int] = 1

    def is_offered(self, house: House) -> bool:
        """It is."""
        del house
        return True


def by_code(site: GatehouseTester, client: FlaskClient) -> TestResponse:
    return type_in(client, code(site), next="/account/devices/", remember="y")


def by_link(site: GatehouseTester, client: FlaskClient) -> TestResponse:
    return use(client, link(site), next="/account/devices/", remember="y")


ways = pytest.mark.parametrize("way", [by_code, by_link])


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each database, with alice, who has a factor."""
    return with_a_factor(make_site(database_url, **GENEROUS))


@pytest.fixture
def one(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    """The same on SQLite."""
    return with_a_factor(make_site(sqlite_url, **GENEROUS))


def with_a_factor(app: Flask) -> GatehouseTester:
    def nod() -> ResponseReturnValue:
        return entering.pass_step(lambda _work, _pending: "totp")

    app.add_url_rule("/nod/", "nod", nod, methods=["GET", "POST"])
    app.extensions["gatehouse"].house.furnish([Nod()])
    site = peopled(app)
    with site.work() as work:
        alice = users.named(work.db, "alice")
        mfa.write(work, user_id=alice.id, method="totp", name="Nod")
    return site


@ways
def test_mfa_02_a_letter_alone_opens_nothing_for_whoever_has_a_factor(
    site: GatehouseTester, way: Open
) -> None:
    client = site.client()
    ask(client)
    held = way(site, client)
    assert (held.status_code, held.location.partition("?")[0]) == (303, "/second-step/")
    assert not is_in(client)
    assert count(site, Session) == 0
    assert events(site, "login.succeeded") == []
    # The letter is used up, also where the second step never follows.
    assert use(client, link(site)).status_code == 409
    data = {"csrf_token": token(client.get("/login/"))}
    done = client.post("/nod/", data=data)
    assert (done.status_code, done.location) == (303, "/account/devices/")
    assert is_in(client)
    opened = {(row.methods, row.kind) for row in rows(site, Session)}
    assert {methods for methods, _ in opened} == {"email totp"}
    assert cookie(client, "gatehouse_remember") is not None


@ways
def test_asvs_6_3_6_a_letter_is_no_second_step_after_a_password(
    one: GatehouseTester, way: Open
) -> None:
    client = one.client()
    assert re.match("/second-step/", str(sign_in(client).location))
    ask(client)
    assert re.match("/second-step/", str(way(one, client).location))
    assert not is_in(client)
    assert count(one, Session) == 0


def test_a_letter_is_a_way_in_for_whoever_takes_another_one_away(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = peopled(make_site(sqlite_url, **GENEROUS))
    site.add_user("bob", email="bob@example.org", password=None)
    house = site.app.extensions["gatehouse"].house
    (letter,) = (each for each in house.plugs(WayIn) if isinstance(each, ByLetter))
    with site.work() as work:
        alice, bob = users.named(work.db, "alice"), users.named(work.db, "bob")
        assert letter.is_open(work.db, alice.id)
        assert not letter.is_open(work.db, bob.id)
        addresses.prove(work, user=bob, address="bob@example.org")
        assert letter.is_open(work.db, bob.id)


def test_a_letter_is_no_way_in_where_it_is_not_allowed(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = peopled(make_site(sqlite_url))
    with site.work() as work:
        alice = users.named(work.db, "alice")
        assert not ByLetter(work.house).is_open(work.db, alice.id)
