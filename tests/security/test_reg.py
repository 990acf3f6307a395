"""How accounts begin: checks REG-01 to REG-12."""

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from flask_gatehouse import Gatehouse, Registering
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.users.models import Identifier, User
from flask_gatehouse.testing import PASSWORD, GatehouseTester, settings_for_tests
from tests.conftest import MakeSite
from tests.forms import cookie, send, sign_in, token
from tests.statements import written

GENEROUS = {
    "GATEHOUSE_REGISTRATION_NETWORK": "1000/1m",
    "GATEHOUSE_REGISTRATION_LETTERS": "1000/1m",
    "GATEHOUSE_THROTTLING_LINKS": "1000/1m",
}


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each database, open, with an administrator and alice."""
    return peopled(make_site(database_url, GATEHOUSE_REGISTRATION_MODE="open", **GENEROUS))


@pytest.fixture
def one(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    """The same on SQLite."""
    return peopled(make_site(sqlite_url, GATEHOUSE_REGISTRATION_MODE="open", **GENEROUS))


def peopled(app: Flask) -> GatehouseTester:
    site = GatehouseTester(app)
    site.add_user("root", email="root@example.org", admin=True)
    site.add_user("alice", email="alice@example.org")
    return site


def register(
    client: FlaskClient, name: str, address: str = "new@example.org", **more: object
) -> TestResponse:
    return send(client, "/register/", username=name, email=address, password=PASSWORD, **more)


def people(site: GatehouseTester) -> int:
    with site.work() as work, work.reading() as db:
        return db.scalar(select(func.count()).select_from(User)) or 0


@pytest.mark.parametrize(
    "name",
    [
        "ALICE",
        "\uff41lice",
        " alice\t",
        "ali\u200bce",
        "ali\u200dce",
        "ali\u00adce",
        "\u202ealice",
        "\u0430lice",
        "alice.",
        "al\u0131ce",
    ],
)
def test_reg_01_no_spelling_of_a_name_makes_a_second_account(
    site: GatehouseTester, name: str
) -> None:
    assert register(site.client(), name).status_code == 422
    assert people(site) == 2


@pytest.mark.parametrize(
    "address", ["ALICE@example.org", "alice@EXAMPLE.ORG", " alice@example.org"]
)
def test_reg_01_no_spelling_of_an_address_gets_it_a_second_time(
    one: GatehouseTester, address: str
) -> None:
    register(one.client(), "mallory", address)
    told = [str(mail["Subject"]) for mail in one.mails()]
    assert told == ["You have an account at Gatehouse already"]


@pytest.mark.parametrize("letter", ['"', "(", ")", ",", "<", ">", "\r", "\n", "\0", ":", ";", "\\"])
@pytest.mark.parametrize("shape", ["vic{}tim@example.org", "victim@exam{}ple.org"])
def test_reg_04_no_address_has_what_means_something_in_a_header(
    one: GatehouseTester, shape: str, letter: str
) -> None:
    assert register(one.client(), "mallory", shape.format(letter)).status_code in {400, 422}
    assert people(one) == 2
    assert one.mails() == []


def test_reg_04_no_address_is_longer_than_mail_allows(one: GatehouseTester) -> None:
    for address in ("a" * 65 + "@example.org", "a@" + "b" * 63 + ".example" * 40):
        assert register(one.client(), "mallory", address).status_code == 422
    assert people(one) == 2


@pytest.mark.parametrize("mode", ["invitation", "closed"])
def test_reg_05_where_registration_is_off_no_way_in_makes_an_account(
    make_site: MakeSite, sqlite_url: str, mode: str
) -> None:
    site = peopled(make_site(sqlite_url, GATEHOUSE_REGISTRATION_MODE=mode, **GENEROUS))
    client = site.client()
    fields = {"username": "mallory", "email": "new@example.org", "password": PASSWORD}
    key = {"csrf_token": token(client.get("/login/"))}
    refused = 404 if mode == "closed" else 403
    assert client.post("/register/", data=fields | key).status_code == refused
    assert client.post("/register/", json=fields).status_code >= 400
    for path in ("/verify/", "/verify/link/", "/invited/", "/invitation/", "/recover/new/"):
        assert client.post(path, data=fields | key).status_code >= 400
    assert people(site) == 2


def test_reg_05_nobody_registers_before_the_first_administrator(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_REGISTRATION_MODE="open", **GENEROUS))
    client = site.client()
    assert client.get("/register/").status_code == 404
    fields = {"username": "mallory", "email": "new@example.org", "password": PASSWORD}
    fields["csrf_token"] = token(client.get("/login/"))
    assert client.post("/register/", data=fields).status_code == 404
    assert people(site) == 0


def test_reg_06_no_further_field_sets_anything(one: GatehouseTester) -> None:
    more = {
        "is_admin": "1",
        "admin": "true",
        "role": "administrator",
        "roles[]": "admin",
        "permissions": "*",
        "active": "1",
        "confirmed_at": "2020-01-01",
        "email_verified": "true",
        "proven_at": "2020-01-01",
        "epoch": "99",
        "id": "00000000-0000-0000-0000-000000000001",
        "created_at": "2000-01-01",
        "user[is_admin]": "1",
        "user.is_admin": "1",
        "__proto__[is_admin]": "1",
    }
    client = one.client()
    path = "/register/?is_admin=1&user.is_admin=1"
    fields = {"username": "mallory", "email": "new@example.org", "password": PASSWORD}
    sent = client.post(path, data={**fields, **more, "csrf_token": token(client.get(path))})
    assert sent.status_code == 303
    with one.work() as work, work.reading() as db:
        made = db.scalars(select(User).where(User.username == "mallory")).one()
        assert (made.is_admin, made.active, made.email) == (False, True, None)
        assert made.id.hex != more["id"].replace("-", "")
        assert made.created_at.year == 2026
        known = select(Identifier.kind).where(Identifier.user_id == made.id)
        assert db.scalars(known).all() == ["username"]


def test_reg_07_the_answer_holds_nothing_that_opens_a_session(one: GatehouseTester) -> None:
    client = one.client()
    answer = register(client, "mallory")
    assert cookie(client) is None
    assert client.get("/account/").location.startswith("/login/")
    held = cookie(client, "gatehouse_registered")
    assert held is not None
    for path in (f"/verify/{held}/", f"/recover/{held}/", f"/invited/{held}/"):
        client.get(path, follow_redirects=True)
    client.set_cookie("gatehouse", held)
    assert client.get("/account/").location.startswith("/login/")
    assert not re.search(r"[A-Za-z0-9_-]{43}", answer.text)


@pytest.mark.parametrize(
    "name",
    ["alice@example.org", "admin", "Ad.min", "root", "api", "..", "me", "null", "None", "12345"],
)
def test_reg_10_no_name_passes_for_an_address_a_number_or_the_house(
    one: GatehouseTester, name: str
) -> None:
    assert register(one.client(), name).status_code == 422
    assert people(one) == 2


def test_reg_10_a_host_reserves_names_of_its_own(make_site: MakeSite, sqlite_url: str) -> None:
    reserving = {"GATEHOUSE_USERS_RESERVED_NAMES": "Acme, acme-news"}
    site = peopled(
        make_site(sqlite_url, GATEHOUSE_REGISTRATION_MODE="open", **GENEROUS, **reserving)
    )
    for name in ("acme", "ACME", "a.c.m.e", "acmenews"):
        assert register(site.client(), name).status_code == 422
    assert register(site.client(), "acme2").status_code == 303


def test_reg_12_what_fails_at_the_end_leaves_no_account_and_no_letter(
    sqlite_url: str, tmp_path: object
) -> None:
    def made(*_: object) -> None:
        msg = "the host's own part fails"
        raise RuntimeError(msg)

    app = Flask("host")
    app.config.update(settings_for_tests(str(tmp_path)))
    app.config.update(GATEHOUSE_DATABASE_URL=sqlite_url, GATEHOUSE_REGISTRATION_MODE="open")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    Gatehouse(app, registering=Registering(made=made))
    site = peopled(app)
    assert register(site.client(), "mallory").status_code == 500
    assert people(site) == 2
    with site.work() as work, work.reading() as db:
        assert db.scalars(select(Letter.id)).all() == []


def test_reg_12_whose_letter_was_not_delivered_has_it_sent_again(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = peopled(
        make_site(
            sqlite_url,
            GATEHOUSE_REGISTRATION_MODE="open",
            GATEHOUSE_MAIL_URL="smtp://127.0.0.1:9",
            **GENEROUS,
        )
    )
    client = site.client()
    assert register(client, "mallory").location == "/verify/"
    site.mails()
    assert people(site) == 3
    again = client.post("/register/again/", data={"csrf_token": token(client.get("/verify/"))})
    assert again.location == "/verify/"


def test_enu_04_a_taken_address_is_answered_like_a_free_one(site: GatehouseTester) -> None:
    def answered(name: str, address: str) -> tuple[object, ...]:
        client = site.client()
        client.get("/register/")
        with written(site) as statements:
            answer = register(client, name, address)
        page = client.get("/verify/")
        sign_in(client, name)
        bare = re.sub(r'value="[^"]+"', "", page.text)
        headers = sorted(key for key, _ in answer.headers)
        return answer.status_code, answer.location, headers, bare, tuple(statements)

    assert answered("first", "alice@example.org") == answered("second", "free@example.org")


def test_enu_06_asking_again_and_wrong_codes_are_answered_alike(site: GatehouseTester) -> None:
    def answered(name: str, address: str) -> tuple[object, ...]:
        client = site.client()
        register(client, name, address)
        key = {"csrf_token": token(client.get("/verify/"))}
        with written(site) as statements:
            again = client.post("/register/again/", data=key)
            wrong = client.post("/verify/", data=key | {"code": "0000 0000"})
        bare = re.sub(r'value="[^"]+"', "", wrong.text)
        told = [(each.status_code, each.location) for each in (again, wrong)]
        return told, bare, tuple(statements)

    assert answered("first", "alice@example.org") == answered("second", "free@example.org")


def test_enu_04_a_registrant_s_own_data_do_not_tell_that_an_address_is_taken(
    make_site: MakeSite, sqlite_url: str
) -> None:
    """Where people may sign in before the proof, they see the same of both."""
    lenient = {"GATEHOUSE_REGISTRATION_UNVERIFIED_SIGN_IN": "1d"}
    site = peopled(make_site(sqlite_url, GATEHOUSE_REGISTRATION_MODE="open", **GENEROUS, **lenient))

    def told(name: str, address: str) -> tuple[str, str]:
        client = site.client()
        register(client, name, address)
        site.mails()
        sign_in(client, name)
        copy = client.post(
            "/account/data/download/",
            data={"csrf_token": token(client.get("/account/data/"))},
        )
        data = json.loads(copy.text)
        data = json.dumps(data).replace(name, "NAME").replace(address, "ADDRESS")
        ids = re.sub(r'"[0-9a-f-]{36}"|"[0-9a-f]{32}"|"[\w-]{22}"', "ID", data)
        seen = client.get("/account/activity/").text.replace(name, "NAME")
        return ids, re.sub(r'value="[^"]+"|[\w-]{22,}', "", seen)

    assert told("first1", "alice@example.org") == told("second", "freed@example.org")


def test_enu_04_the_owner_of_a_taken_address_is_told_without_a_link(one: GatehouseTester) -> None:
    register(one.client(), "mallory", "alice@example.org")
    (mail,) = one.mails()
    assert mail["To"] == "alice@example.org"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "somebody, perhaps you" in str(body.get_content())
    assert "/verify/" not in str(mail)
    assert "password" not in str(mail["Subject"])
    alice = one.client()
    sign_in(alice)
    assert "make another account with your e-mail address" in alice.get("/account/activity/").text
